import type { SubmittedJudgment } from "@/features/labeling/comparison/answer";
import type { Message } from "@/ui/Conversation";

export type Question = {
  key: string;
  label: string;
  help: string;
  kind: string;
  closed_domain_only: boolean;
};

export type TaskResponse = { id: number; letter: string; text: string };

export type Assignment = {
  id: number;
  task_id: number;
  state: string;
  lease_token: string | null;
  lease_expires_at: string | null;
  claimed_at: string | null;
  submitted_at: string | null;
  project: { id: number; name: string; kind: string; priority_mode: string; questions: Question[] };
  instruction_version: { id: number; number: number };
  prompt: {
    id: number;
    messages: Message[];
    use_case: string;
    language: string;
    is_closed_domain: boolean;
    deployment_context: string;
  };
  responses: TaskResponse[];
  draft: { content: unknown; revision: number; updated_at: string } | null;
  submission: {
    submission_id: number;
    revision: number;
    demonstration: string;
    notes: string;
    elapsed_seconds: number;
    active_seconds: number;
    created_at: string;
    judgments: SubmittedJudgment[];
  } | null;
};

export type NextWork = {
  status: "task" | "busy" | "empty" | "paused";
  until?: string | null;
  assignment?: Assignment | null;
};

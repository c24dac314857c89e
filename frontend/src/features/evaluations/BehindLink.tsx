import { VisuallyHidden } from "@mantine/core";
import { useParams, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { paths } from "@/api/schema";
import { TextLink } from "@/ui/links";

type Query = paths["/api/v1/projects/{project_id}/results/judgments"]["get"]["parameters"]["query"];

export type Behind = {
  source: number;
  opponent?: number | undefined;
  outcome?: "win" | "tie" | "loss" | undefined;
  question?: Query["question"] | undefined;
};

/** From a number to the judgments that it counts, under the same filter; `label` is heard after it. */
export function BehindLink({
  behind,
  label,
  children,
}: {
  behind: Behind;
  label: string;
  children: ReactNode;
}) {
  const { projectId } = useParams({ from: "/members/projects/$projectId/results" });
  const { split, use_case, labeler } = useSearch({ from: "/members/projects/$projectId/results" });
  return (
    <TextLink
      to="/projects/$projectId/results"
      params={{ projectId }}
      search={{ split, use_case, labeler, ...behind }}
      hash="judgments"
    >
      {children}
      <VisuallyHidden> {label}</VisuallyHidden>
    </TextLink>
  );
}

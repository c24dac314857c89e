import type { Schemas } from "@/api/client";

export type Assignment = Schemas["Assignment"];
export type Question = Schemas["Question"];
export type TaskResponse = Schemas["ShownResponse"];

/** A first answer under a lease, or an edit of one that was given: the next revision. */
export type WorkMode = "label" | "revise";

/** What the body of a submission says beside the seconds, the keys and the instructions. */
export type Said = Pick<Schemas["SubmitRequest"], "notes" | "demonstration" | "judgments" | "answers">;

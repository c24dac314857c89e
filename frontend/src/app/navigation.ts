/** The entries of the top bar, by the lowest role that sees them. */
import type { LinkProps } from "@tanstack/react-router";
import type { Role } from "@/api/session";
import type { Counted } from "@/app/NavigationCount";
import { msg } from "@/ui/language";

export type NavigationEntry = {
  label: string;
  to: NonNullable<LinkProps["to"]>;
  role: Role;
  /** What waits behind it is counted beside its name. */
  counted?: Counted;
};

export const NAVIGATION: NavigationEntry[] = [
  { label: msg("Home"), to: "/", role: "labeler" },
  { label: msg("Label"), to: "/label", role: "labeler" },
  { label: msg("Write"), to: "/write", role: "labeler" },
  { label: msg("History"), to: "/history", role: "labeler" },
  { label: msg("Questions"), to: "/questions", role: "labeler", counted: "questions" },
  { label: "Projects", to: "/projects", role: "researcher" },
  { label: "Review", to: "/review", role: "researcher", counted: "review" },
  { label: "Prompts", to: "/prompts", role: "researcher" },
  { label: "Datasets", to: "/datasets", role: "researcher" },
  { label: "Runs", to: "/runs", role: "researcher" },
  { label: "Checkpoints", to: "/checkpoints", role: "researcher" },
  { label: "People", to: "/people", role: "researcher" },
  { label: "System", to: "/system", role: "admin" },
];

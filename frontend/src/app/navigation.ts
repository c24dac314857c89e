/** The entries of the top bar, by the lowest role that sees them. */
import type { LinkProps } from "@tanstack/react-router";
import type { Role } from "@/api/session";

export type NavigationEntry = { label: string; to: NonNullable<LinkProps["to"]>; role: Role };

export const NAVIGATION: NavigationEntry[] = [
  { label: "Label", to: "/label", role: "labeler" },
  { label: "History", to: "/history", role: "labeler" },
];

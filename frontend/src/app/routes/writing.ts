/** Writing prompts: everybody may. */
import { createRoute } from "@tanstack/react-router";
import { page } from "@/app/routes/page";
import { membersRoute } from "@/app/routes/root";
import { oneOf, present, type Search, uuid } from "@/app/routes/searches";

const writeRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/write",
  component: page(() => import("@/features/writing/WritePage"), "WritePage"),
});

const newPromptRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/write/new",
  validateSearch: (search: Search) =>
    present({
      kind: oneOf(search.kind, ["plain", "few_shot", "user_based"]),
      draft: uuid(search.draft),
    }),
  component: page(() => import("@/features/writing/NewPromptPage"), "NewPromptPage"),
});

const writtenPromptRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/write/$writtenId",
  component: page(() => import("@/features/writing/WrittenPromptPage"), "WrittenPromptPage"),
});

export const writingRoutes = [writeRoute, newPromptRoute, writtenPromptRoute];

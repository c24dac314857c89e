/** Prompts, projects and what was said: everybody from researcher on. */
import { createRoute } from "@tanstack/react-router";
import { page } from "@/app/routes/page";
import { membersRoute, requireRole } from "@/app/routes/root";
import { id, oneOf, present, type Search, text } from "@/app/routes/searches";

const beforeLoad = requireRole("researcher");
const USE_CASES = [
  "generation",
  "open_qa",
  "brainstorming",
  "chat",
  "rewrite",
  "summarization",
  "classification",
  "other",
  "closed_qa",
  "extract",
] as const;
const TABS = ["statistics", "tasks", "submissions", "skips", "members", "instructions", "settings"] as const;

const promptsRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/prompts",
  beforeLoad,
  validateSearch: (search: Search) =>
    present({
      search: text(search.search),
      use_case: oneOf(search.use_case, USE_CASES),
      kind: oneOf(search.kind, ["plain", "few_shot", "user_based", "customer", "imported"]),
      split: oneOf(search.split, ["train", "valid", "test"]),
      language: text(search.language),
      archived: search.archived === true || undefined,
      ordering: oneOf(search.ordering, ["created_at", "-created_at"]),
      page: id(search.page),
    }),
  component: page(() => import("@/features/prompts/PromptsPage"), "PromptsPage"),
});

const importRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/prompts/import",
  beforeLoad,
  component: page(() => import("@/features/prompts/ImportPage"), "ImportPage"),
});

const importReportRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/prompts/imports/$importId",
  beforeLoad,
  component: page(() => import("@/features/prompts/ImportReportPage"), "ImportReportPage"),
});

const promptRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/prompts/$promptId",
  beforeLoad,
  component: page(() => import("@/features/prompts/PromptPage"), "PromptPage"),
});

const projectsRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/projects",
  beforeLoad,
  validateSearch: (search: Search) =>
    present({
      state: oneOf(search.state, ["active", "paused", "archived"]),
      page: id(search.page),
    }),
  component: page(() => import("@/features/projects/ProjectsPage"), "ProjectsPage"),
});

const newProjectRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/projects/new",
  beforeLoad,
  component: page(() => import("@/features/projects/NewProjectPage"), "NewProjectPage"),
});

const projectRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/projects/$projectId",
  beforeLoad,
  validateSearch: (search: Search) => present({ tab: oneOf(search.tab, TABS) }),
  component: page(() => import("@/features/projects/ProjectPage"), "ProjectPage"),
});

const submissionRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/submissions/$submissionId",
  beforeLoad,
  component: page(() => import("@/features/projects/SubmissionPage"), "SubmissionPage"),
});

const peopleRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/people",
  beforeLoad,
  validateSearch: (search: Search) => present({ page: id(search.page) }),
  component: page(() => import("@/features/people/PeoplePage"), "PeoplePage"),
});

const personRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/people/$userId",
  beforeLoad,
  component: page(() => import("@/features/people/PersonPage"), "PersonPage"),
});

export const researcherRoutes = [
  promptsRoute,
  importRoute,
  importReportRoute,
  promptRoute,
  projectsRoute,
  newProjectRoute,
  projectRoute,
  submissionRoute,
  peopleRoute,
  personRoute,
];

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
/** The yes/no questions, whose answers a result page counts. */
const METADATA = [
  "fails_instruction",
  "inappropriate_for_assistant",
  "hallucination",
  "satisfies_constraint",
  "sexual_content",
  "violent_content",
  "encourages_harm",
  "denigrates_protected_class",
  "harmful_advice",
  "expresses_opinion",
  "moral_judgment",
] as const;
const TABS = [
  "statistics",
  "tasks",
  "submissions",
  "review",
  "questions",
  "members",
  "instructions",
  "settings",
] as const;

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
      tag: text(search.tag),
      submitter: text(search.submitter),
      pii_state: oneOf(search.pii_state, ["unscanned", "clean", "open", "reviewed"]),
      prompt_import: id(search.prompt_import),
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

const personalDataRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/prompts/personal-data",
  beforeLoad,
  component: page(() => import("@/features/prompts/PersonalDataPage"), "PersonalDataPage"),
});

const changesRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/prompts/changes",
  beforeLoad,
  component: page(() => import("@/features/prompts/ChangesPage"), "ChangesPage"),
});

const tablesRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/prompts/tables",
  beforeLoad,
  component: page(() => import("@/features/prompts/TablesPage"), "TablesPage"),
});

const consentsRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/prompts/consents",
  beforeLoad,
  validateSearch: (search: Search) =>
    present({
      search: text(search.search),
      action: oneOf(search.action, ["given", "withdrawn"]),
      page: id(search.page),
    }),
  component: page(() => import("@/features/prompts/ConsentsPage"), "ConsentsPage"),
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
  validateSearch: (search: Search) =>
    present({
      kind: oneOf(search.kind, ["comparison", "demonstration", "evaluation", "toxicity"]),
      checkpoint: id(search.checkpoint),
    }),
  component: page(() => import("@/features/projects/NewProjectPage"), "NewProjectPage"),
});

const projectRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/projects/$projectId",
  beforeLoad,
  validateSearch: (search: Search) => present({ tab: oneOf(search.tab, TABS) }),
  component: page(() => import("@/features/projects/ProjectPage"), "ProjectPage"),
});

const resultsRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/projects/$projectId/results",
  beforeLoad,
  validateSearch: (search: Search) =>
    present({
      split: oneOf(search.split, ["train", "valid", "test"]),
      use_case: oneOf(search.use_case, USE_CASES),
      labeler: id(search.labeler),
      source: id(search.source),
      opponent: id(search.opponent),
      outcome: oneOf(search.outcome, ["win", "tie", "loss"]),
      question: oneOf(search.question, METADATA),
      page: id(search.page),
    }),
  component: page(() => import("@/features/evaluations/ResultsPage"), "ResultsPage"),
});

const submissionRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/submissions/$submissionId",
  beforeLoad,
  component: page(() => import("@/features/projects/SubmissionPage"), "SubmissionPage"),
});

const REASONS = [
  "unclear",
  "outside_knowledge",
  "unsafe",
  "personal_data",
  "language",
  "broken",
  "other",
] as const;

const reviewRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/review",
  beforeLoad,
  validateSearch: (search: Search) =>
    present({
      tab: oneOf(search.tab, ["tasks", "projects"]),
      state: oneOf(search.state, ["open", "decided", "all"]),
      project: id(search.project),
      kind: oneOf(search.kind, ["skip", "flag", "question"]),
      reason: oneOf(search.reason, REASONS),
      ordering: oneOf(search.ordering, ["newest", "most"]),
      page: id(search.page),
    }),
  component: page(() => import("@/features/review/ReviewPage"), "ReviewPage"),
});

const reviewTaskRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/review/$taskId",
  beforeLoad,
  component: page(() => import("@/features/review/ReviewTaskPage"), "ReviewTaskPage"),
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
  personalDataRoute,
  changesRoute,
  tablesRoute,
  consentsRoute,
  promptRoute,
  projectsRoute,
  newProjectRoute,
  projectRoute,
  resultsRoute,
  submissionRoute,
  reviewRoute,
  reviewTaskRoute,
  peopleRoute,
  personRoute,
];

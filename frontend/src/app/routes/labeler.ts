import { createRoute } from "@tanstack/react-router";
import { barePage, page } from "@/app/routes/page";
import { membersRoute } from "@/app/routes/root";
import { id, present, type Search } from "@/app/routes/searches";

const projectsToLabelRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/label",
  component: page(() => import("@/features/labeling/ProjectsPage"), "ProjectsPage"),
});

const labelRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/label/$projectId",
  component: barePage(() => import("@/features/labeling/LabelPage"), "LabelPage"),
  remountDeps: ({ params }) => params,
});

const historyRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/history",
  component: page(() => import("@/features/history/HistoryPage"), "HistoryPage"),
});

const reviseRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/history/$assignmentId",
  component: barePage(() => import("@/features/labeling/RevisePage"), "RevisePage"),
  remountDeps: ({ params }) => params,
});

const questionsRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/questions",
  validateSearch: (search: Search) => present({ task: id(search.task), project: id(search.project) }),
  component: page(() => import("@/features/questions/QuestionsPage"), "QuestionsPage"),
});

export const labelerRoutes = [projectsToLabelRoute, labelRoute, historyRoute, reviseRoute, questionsRoute];

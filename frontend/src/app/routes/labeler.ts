import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { membersRoute } from "@/app/routes/root";

const projectsToLabelRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/label",
  component: lazyRouteComponent(() => import("@/features/labeling/ProjectsPage"), "ProjectsPage"),
});

export const labelerRoutes = [projectsToLabelRoute];

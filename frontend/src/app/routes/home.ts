import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { membersRoute } from "@/app/routes/root";

const homeRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/",
  component: lazyRouteComponent(() => import("@/features/home/HomePage"), "HomePage"),
});

export const homeRoutes = [homeRoute];

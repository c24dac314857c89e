import { createRoute } from "@tanstack/react-router";
import { page } from "@/app/routes/page";
import { membersRoute } from "@/app/routes/root";

const homeRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/",
  component: page(() => import("@/features/home/HomePage"), "HomePage"),
});

export const homeRoutes = [homeRoute];

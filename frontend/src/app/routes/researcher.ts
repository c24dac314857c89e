import { createRoute, redirect } from "@tanstack/react-router";
import { membersRoute } from "@/app/routes/root";

const homeRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/label" });
  },
});

export const researcherRoutes = [homeRoute];

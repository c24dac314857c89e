import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { membersRoute } from "@/app/routes/root";

const profileRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/profile",
  component: lazyRouteComponent(() => import("@/features/account/ProfilePage"), "ProfilePage"),
});

export const accountRoutes = [profileRoute];

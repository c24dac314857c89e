import { createRoute } from "@tanstack/react-router";
import { page } from "@/app/routes/page";
import { membersRoute } from "@/app/routes/root";

const profileRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/profile",
  component: page(() => import("@/features/account/ProfilePage"), "ProfilePage"),
});

export const accountRoutes = [profileRoute];

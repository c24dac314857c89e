import { createRootRoute, createRoute, lazyRouteComponent, notFound, redirect } from "@tanstack/react-router";
import { queryClient } from "@/api/client";
import { hasRole, type Role, sessionQuery } from "@/api/session";

export const rootRoute = createRootRoute();

/** Everything behind the login, inside the layout with the navigation. */
export const membersRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "members",
  beforeLoad: async ({ location }) => {
    const me = await queryClient.ensureQueryData(sessionQuery);
    if (!me) throw redirect({ to: "/login", search: { next: location.href } });
    return { me };
  },
  component: lazyRouteComponent(() => import("@/app/Layout"), "Layout"),
});

/** Hides a page from those below `role`: as with the API, what is not yours does not exist. */
export function requireRole(role: Role) {
  return async () => {
    const me = await queryClient.ensureQueryData(sessionQuery);
    if (!me || !hasRole(me, role)) throw notFound();
  };
}

import { createRoute, redirect } from "@tanstack/react-router";
import { queryClient } from "@/api/client";
import { sessionQuery } from "@/api/session";
import { page } from "@/app/routes/page";
import { rootRoute } from "@/app/routes/root";

const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/login",
  // Only a path of this site: "//elsewhere" and "https:…" would send people away after they typed a password.
  // An explicit undefined, because what is left out here is taken from the address as it stands.
  validateSearch: (search: Record<string, unknown>): { next?: string } => ({
    next: typeof search.next === "string" && /^\/(?![/\\])/.test(search.next) ? search.next : undefined,
  }),
  beforeLoad: async ({ search }) => {
    const me = await queryClient.ensureQueryData(sessionQuery);
    if (me) throw redirect({ href: search.next ?? "/" });
  },
  component: page(() => import("@/features/account/LoginPage"), "LoginPage"),
});

const requestResetRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/password-reset",
  component: page(() => import("@/features/account/RequestResetPage"), "RequestResetPage"),
});

const resetRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/password-reset/$key",
  component: page(() => import("@/features/account/ResetPasswordPage"), "ResetPasswordPage"),
});

const invitationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/invitation/$token",
  component: page(() => import("@/features/account/InvitationPage"), "InvitationPage"),
});

export const publicRoutes = [loginRoute, requestResetRoute, resetRoute, invitationRoute];

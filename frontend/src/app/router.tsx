/** Every page of the app. Pages load on demand: a labeler never downloads a researcher's charts. */
import { createRouter } from "@tanstack/react-router";
import { ErrorPage } from "@/app/ErrorPage";
import { NotFound } from "@/app/NotFound";
import { PageLoading } from "@/app/PageLoading";
import { accountRoutes } from "@/app/routes/account";
import { homeRoutes } from "@/app/routes/home";
import { labelerRoutes } from "@/app/routes/labeler";
import { publicRoutes } from "@/app/routes/public";
import { researcherRoutes } from "@/app/routes/researcher";
import { membersRoute, rootRoute } from "@/app/routes/root";
import { trainingRoutes } from "@/app/routes/training";
import { writingRoutes } from "@/app/routes/writing";

const routeTree = rootRoute.addChildren([
  ...publicRoutes,
  membersRoute.addChildren([
    ...homeRoutes,
    ...accountRoutes,
    ...labelerRoutes,
    ...writingRoutes,
    ...researcherRoutes,
    ...trainingRoutes,
  ]),
]);

export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  defaultErrorComponent: ErrorPage,
  defaultNotFoundComponent: NotFound,
  defaultPendingComponent: PageLoading,
  defaultPendingMs: 300,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

/** Datasets, runs and checkpoints: read from researcher on, launched by admins. */
import { createRoute } from "@tanstack/react-router";
import { page } from "@/app/routes/page";
import { membersRoute, requireRole } from "@/app/routes/root";
import { id, oneOf, present, type Search } from "@/app/routes/searches";

const beforeLoad = requireRole("researcher");
const RUN_KINDS = ["sample", "sft", "reward_model", "ppo", "dpo"] as const;

const datasetsRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/datasets",
  beforeLoad,
  validateSearch: (search: Search) => present({ page: id(search.page) }),
  component: page(() => import("@/features/datasets/DatasetsPage"), "DatasetsPage"),
});

const versionRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/datasets/versions/$versionId",
  beforeLoad,
  component: page(() => import("@/features/datasets/VersionPage"), "VersionPage"),
});

const versionCompareRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/datasets/versions/$versionId/compare",
  beforeLoad,
  validateSearch: (search: Search) => present({ against: id(search.against) }),
  component: page(() => import("@/features/datasets/ComparePage"), "ComparePage"),
});

const erasuresRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/datasets/erasures",
  beforeLoad: requireRole("admin"),
  component: page(() => import("@/features/datasets/ErasuresPage"), "ErasuresPage"),
});

const datasetRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/datasets/$datasetId",
  beforeLoad,
  component: page(() => import("@/features/datasets/DatasetPage"), "DatasetPage"),
});

const freezeRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/datasets/$datasetId/freeze",
  beforeLoad,
  component: page(() => import("@/features/datasets/FreezePage"), "FreezePage"),
});

const runsRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/runs",
  beforeLoad,
  validateSearch: (search: Search) =>
    present({
      kind: oneOf(search.kind, RUN_KINDS),
      state: oneOf(search.state, ["queued", "running", "succeeded", "failed", "cancelled"]),
      page: id(search.page),
    }),
  component: page(() => import("@/features/runs/RunsPage"), "RunsPage"),
});

const launchRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/runs/new",
  beforeLoad: requireRole("admin"),
  validateSearch: (search: Search) =>
    present({
      kind: oneOf(search.kind, RUN_KINDS),
      again: id(search.again),
      model: id(search.model),
      version: id(search.version),
    }),
  component: page(() => import("@/features/runs/LaunchPage"), "LaunchPage"),
});

const compareRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/runs/compare",
  beforeLoad,
  validateSearch: (search: Search) => present({ a: id(search.a), b: id(search.b) }),
  component: page(() => import("@/features/runs/ComparePage"), "ComparePage"),
});

const runRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/runs/$runId",
  beforeLoad,
  component: page(() => import("@/features/runs/RunPage"), "RunPage"),
});

const checkpointsRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/checkpoints",
  beforeLoad,
  validateSearch: (search: Search) =>
    present({
      kind: oneOf(search.kind, ["base", "sft", "reward_model", "policy"]),
      archived: search.archived === true || undefined,
      page: id(search.page),
    }),
  component: page(() => import("@/features/checkpoints/CheckpointsPage"), "CheckpointsPage"),
});

const endpointsRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/checkpoints/endpoints",
  beforeLoad: requireRole("admin"),
  component: page(() => import("@/features/checkpoints/EndpointsPage"), "EndpointsPage"),
});

const checkpointRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/checkpoints/$checkpointId",
  beforeLoad,
  component: page(() => import("@/features/checkpoints/CheckpointPage"), "CheckpointPage"),
});

const systemRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/system",
  beforeLoad: requireRole("admin"),
  component: page(() => import("@/features/system/SystemPage"), "SystemPage"),
});

const webhooksRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/system/webhooks",
  beforeLoad: requireRole("admin"),
  validateSearch: (search: Search) => present({ page: id(search.page) }),
  component: page(() => import("@/features/webhooks/WebhooksPage"), "WebhooksPage"),
});

const webhookRoute = createRoute({
  getParentRoute: () => membersRoute,
  path: "/system/webhooks/$webhookId",
  beforeLoad: requireRole("admin"),
  validateSearch: (search: Search) =>
    present({ page: id(search.page), state: oneOf(search.state, ["waiting", "delivered", "given_up"]) }),
  component: page(() => import("@/features/webhooks/WebhookPage"), "WebhookPage"),
});

export const trainingRoutes = [
  datasetsRoute,
  versionRoute,
  versionCompareRoute,
  erasuresRoute,
  datasetRoute,
  freezeRoute,
  runsRoute,
  launchRoute,
  compareRoute,
  runRoute,
  checkpointsRoute,
  endpointsRoute,
  checkpointRoute,
  systemRoute,
  webhooksRoute,
  webhookRoute,
];

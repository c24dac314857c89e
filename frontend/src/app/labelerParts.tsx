/** What stands around a labeler's pages and may come a moment after them. What cannot be fetched is simply not there. */
import { useMatchRoute } from "@tanstack/react-router";
import { type ComponentType, lazy, Suspense } from "react";

function part(load: () => Promise<ComponentType>): ComponentType {
  return lazy(async () => ({ default: await load().catch(() => () => null) }));
}

const LazyOutboxNotice = part(async () => (await import("@/features/labeling/OutboxNotice")).OutboxNotice);
const LazyUndoEdit = part(async () => (await import("@/features/labeling/UndoEdit")).UndoEdit);
const LazyWorkDay = part(async () => (await import("@/features/labeling/WorkDay")).WorkDay);

export function OutboxNotice() {
  return (
    <Suspense fallback={null}>
      <LazyOutboxNotice />
    </Suspense>
  );
}

export function UndoEdit() {
  const isHistory = Boolean(useMatchRoute()({ to: "/history" }));
  return (
    isHistory && (
      <Suspense fallback={null}>
        <LazyUndoEdit />
      </Suspense>
    )
  );
}

export function WorkDay() {
  const isLabeling = Boolean(useMatchRoute()({ to: "/label/$projectId" }));
  return (
    isLabeling && (
      <Suspense fallback={null}>
        <LazyWorkDay />
      </Suspense>
    )
  );
}

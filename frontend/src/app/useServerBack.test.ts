import { renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { useServerBack } from "@/app/useServerBack";

const MINUTE = 60_000;

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a server that was restarted is noticed though the network was never gone", async () => {
  vi.useFakeTimers();
  let answer = () => Promise.reject<Response>(new TypeError("Failed to fetch"));
  vi.stubGlobal("fetch", () => answer());
  const onBack = vi.fn();
  const { unmount } = renderHook(() => useServerBack(onBack));
  await vi.advanceTimersByTimeAsync(MINUTE);
  answer = async () => new Response("<h1>Bad gateway</h1>", { status: 502 });
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(onBack).not.toHaveBeenCalled();

  answer = async () => Response.json({ status: "ok" });
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(onBack).toHaveBeenCalledTimes(1);
  unmount();
});

test("the network's return is heard at once, and by nobody who has left", async () => {
  vi.stubGlobal("fetch", async () => Response.json({ status: "ok" }));
  const onBack = vi.fn();
  const { unmount } = renderHook(() => useServerBack(onBack));
  window.dispatchEvent(new Event("online"));
  await vi.waitFor(() => expect(onBack).toHaveBeenCalledTimes(1));
  unmount();
  window.dispatchEvent(new Event("online"));
  await new Promise((resolve) => setTimeout(resolve));
  expect(onBack).toHaveBeenCalledTimes(1);
});

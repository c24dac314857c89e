import { lazyRouteComponent } from "@tanstack/react-router";
import { api } from "@/api/client";

/**
 * Where code cannot be fetched, the router loads the whole app anew: right where the server has another version by now.
 * Where nobody answers it would leave an empty window, so that fails with what `api` fails with.
 */
export async function fetched<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    await api.GET("/api/v1/health");
    throw error;
  }
}

/** A page that loads on demand. */
export const barePage: typeof lazyRouteComponent = (load, name) =>
  lazyRouteComponent(() => fetched(load), name);

/** The same with the styles of the components that only pages other than the labeling screens use. */
export const page: typeof lazyRouteComponent = (load, name) =>
  barePage(async () => {
    const [loaded] = await Promise.all([load(), import("@/app/mantineMore.css")]);
    return loaded;
  }, name);

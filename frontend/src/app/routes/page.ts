import { lazyRouteComponent } from "@tanstack/react-router";

/** A page that loads on demand, with the styles of the components that only pages other than the labeling screens use. */
export const page: typeof lazyRouteComponent = (load, name) =>
  lazyRouteComponent(async () => {
    const [loaded] = await Promise.all([load(), import("@/app/mantineMore.css")]);
    return loaded;
  }, name);

/** A part of a page that comes when it is opened. What cannot be fetched says why and is closed; the page around it stays. */
import i18next from "i18next";
import { type ComponentType, useEffect, useRef, useState } from "react";
import { Busy } from "@/ui/Busy";
import { isOutdated, sayNewVersion } from "@/ui/newVersion";
import { toast } from "@/ui/toasts";

type Closable = { onClose: () => void };
export type Part<P> = ComponentType<P> & {
  /** Fetches it before it is opened; where that fails, opening tries again. */
  fetch: () => Promise<void>;
  isHere: () => boolean;
};

/** Unlike React's `lazy`, what failed to come once may come later, and takes no page down. */
export function part<P extends Closable>(load: () => Promise<{ default: ComponentType<P> }>): Part<P> {
  let Here: ComponentType<P> | undefined;
  const fetch = async () => {
    Here ??= (await load()).default;
  };
  function Opened(props: P) {
    const [, setHere] = useState(Here !== undefined);
    const close = useRef(props.onClose);
    close.current = props.onClose;
    useEffect(() => {
      if (Here) return;
      let isOpen = true;
      fetch().then(
        () => isOpen && setHere(true),
        async () => {
          const isGone = await isOutdated();
          if (!isOpen) return;
          if (isGone) sayNewVersion();
          else
            toast({
              message: i18next.t("This could not be loaded. Open it again once the server can be reached."),
            });
          close.current();
        },
      );
      return () => {
        isOpen = false;
      };
    }, []);
    return Here ? <Here {...props} /> : <Busy />;
  }
  return Object.assign(Opened, { fetch, isHere: () => Here !== undefined });
}

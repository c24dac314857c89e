import { IconCloudCheck, IconCloudUp, IconDeviceFloppy, IconRefreshAlert } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { KeptPlace } from "@/features/writing/draftKeeper";
import classes from "@/features/writing/Writing.module.css";
import { msg } from "@/ui/language";

const SHOWN: Record<Exclude<KeptPlace, "untouched">, { text: string; Icon: typeof IconCloudCheck }> = {
  saving: { text: msg("Saving…"), Icon: IconCloudUp },
  here: { text: msg("Saved in this browser"), Icon: IconDeviceFloppy },
  server: { text: msg("Saved"), Icon: IconCloudCheck },
  retrying: { text: msg("Saved in this browser; the server cannot be reached"), Icon: IconRefreshAlert },
  nowhere: { text: msg("Not saved: this browser forbids it"), Icon: IconRefreshAlert },
};

/** Where the draft is. Only trouble is read out: a word at each pause of the typing would be noise. */
export function KeptLabel({ place }: { place: KeptPlace }) {
  const { t } = useTranslation();
  if (place === "untouched") return null;
  const { text, Icon } = SHOWN[place];
  const isBad = place === "retrying" || place === "nowhere";
  return (
    <span className={classes.place} data-bad={isBad || undefined} data-testid="kept">
      <Icon size={16} stroke={1.6} aria-hidden />
      <span role={isBad ? "status" : undefined}>{t(text)}</span>
    </span>
  );
}

import { IconCloudCheck, IconCloudUp, IconDeviceFloppy, IconRefreshAlert } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { SavePlace, SaveState } from "@/features/labeling/task/autosave";
import classes from "@/features/labeling/task/Task.module.css";
import { formatTime } from "@/ui/format";
import { msg } from "@/ui/language";
import { Tooltip } from "@/ui/Tooltip";

const SHOWN: Record<SavePlace, { text: string; explained: string; Icon: typeof IconCloudCheck }> = {
  untouched: { text: "", explained: "", Icon: IconCloudCheck },
  saving: {
    text: msg("Saving…"),
    explained: msg("Being kept in this browser and on the server."),
    Icon: IconCloudUp,
  },
  here: { text: msg("Saved here"), explained: msg("Kept in this browser."), Icon: IconDeviceFloppy },
  server: {
    text: msg("Saved"),
    explained: msg("Kept on the server."),
    Icon: IconCloudCheck,
  },
  retrying: {
    text: msg("Saved here, retrying"),
    explained: msg(
      "The server cannot be reached. Go on: it is kept in this browser and sent as soon as it can be.",
    ),
    Icon: IconRefreshAlert,
  },
  conflict: {
    text: msg("Saved here"),
    explained: msg("Another tab or device has another copy."),
    Icon: IconDeviceFloppy,
  },
  nowhere: {
    text: msg("Not saved"),
    explained: msg("This browser refuses to store anything. Submit before you leave the page."),
    Icon: IconRefreshAlert,
  },
};

const TROUBLE: Partial<Record<SavePlace, string>> = {
  retrying: msg("Retrying: the server cannot be reached. Your work is kept in this browser."),
  nowhere: msg("Not saved. This browser refuses to store anything. Submit before you leave the page."),
};

/** What a labeler must know wherever the page is scrolled to, to be shown through t(), or nothing. */
export function saveTrouble(save: SaveState): string | null {
  return TROUBLE[save.place] ?? null;
}

/** Where the work is kept at this moment. Its place is there from the start, so that nothing jumps when it fills. */
export function SaveStateLabel({ save }: { save: SaveState }) {
  const { t } = useTranslation();
  const { text, explained, Icon } = SHOWN[save.place];
  return (
    <Tooltip
      label={
        <>
          {t(explained)} {save.at && formatTime(save.at)}
        </>
      }
      disabled={!text}
      maw={260}
    >
      <span
        className={classes.save}
        data-bad={saveTrouble(save) !== null || undefined}
        data-testid="save-state"
      >
        {text && <Icon size={16} stroke={1.6} aria-hidden />}
        {text && t(text)}
      </span>
    </Tooltip>
  );
}

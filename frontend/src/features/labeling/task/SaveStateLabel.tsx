import { IconCloudCheck, IconCloudUp, IconDeviceFloppy, IconRefreshAlert } from "@tabler/icons-react";
import type { SavePlace, SaveState } from "@/features/labeling/task/autosave";
import classes from "@/features/labeling/task/Task.module.css";
import { formatTime } from "@/ui/format";
import { Tooltip } from "@/ui/Tooltip";

const SHOWN: Record<SavePlace, { text: string; explained: string; Icon: typeof IconCloudCheck }> = {
  untouched: { text: "", explained: "", Icon: IconCloudCheck },
  saving: { text: "Saving…", explained: "Being kept in this browser and on the server.", Icon: IconCloudUp },
  here: { text: "Saved here", explained: "Kept in this browser.", Icon: IconDeviceFloppy },
  server: { text: "Saved", explained: "Kept in this browser and on the server.", Icon: IconCloudCheck },
  retrying: {
    text: "Saved here, retrying",
    explained:
      "The server cannot be reached. Go on: it is kept in this browser and sent as soon as it can be.",
    Icon: IconRefreshAlert,
  },
  conflict: {
    text: "Saved here",
    explained: "Another tab or device has another copy.",
    Icon: IconDeviceFloppy,
  },
  nowhere: {
    text: "Not saved",
    explained: "This browser refuses to store anything. Submit before you leave the page.",
    Icon: IconRefreshAlert,
  },
};

/** What a labeler must know wherever the page is scrolled to, or nothing. */
export function saveTrouble(save: SaveState): string | null {
  if (save.place === "retrying")
    return "Retrying: the server cannot be reached. Your work is kept in this browser.";
  return save.place === "nowhere" ? `Not saved. ${SHOWN.nowhere.explained}` : null;
}

/** Where the work is kept at this moment. Its place is there from the start, so that nothing jumps when it fills. */
export function SaveStateLabel({ save }: { save: SaveState }) {
  const { text, explained, Icon } = SHOWN[save.place];
  return (
    <Tooltip label={save.at ? `${explained} ${formatTime(save.at)}` : explained} disabled={!text} maw={260}>
      <span
        className={classes.save}
        data-bad={saveTrouble(save) !== null || undefined}
        data-testid="save-state"
      >
        {text && <Icon size={16} stroke={1.6} aria-hidden />}
        {text}
      </span>
    </Tooltip>
  );
}

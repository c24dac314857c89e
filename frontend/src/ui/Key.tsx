import classes from "@/ui/Key.module.css";

/** A key's name on a button, for the eyes only: the button itself names its key in aria-keyshortcuts. */
export function Key({ name }: { name: string }) {
  return (
    <kbd className={classes.key} aria-hidden>
      {name}
    </kbd>
  );
}

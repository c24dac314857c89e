import { ActionIcon, UnstyledButton } from "@mantine/core";
import { IconCheck, IconLogout, IconSettings, IconUser } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { logOut } from "@/api/auth";
import { errorMessage } from "@/api/errors";
import { useMe } from "@/api/session";
import classes from "@/app/UserMenu.module.css";
import { placeBeside } from "@/ui/floating";
import { chooseLanguage, LANGUAGES, type Language, msg } from "@/ui/language";
import { toast } from "@/ui/toasts";

const ROLE = { labeler: msg("Labeler"), researcher: msg("Researcher"), admin: msg("Admin") } as const;
const CODES = Object.keys(LANGUAGES) as Language[];
const ID = "user-menu";

/** A few links and buttons that the browser opens and closes; it needs no arrow keys, so it claims to be no menu. */
export function UserMenu() {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const button = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const close = () => box.current?.hidePopover();
  const leave = async () => {
    try {
      await logOut();
    } catch (error) {
      toast({ isBad: true, title: t("You are still logged in"), message: errorMessage(error) });
      return;
    }
    // A whole new page: nothing that this person's queries fetched may stay in memory for the next one.
    window.location.assign("/login");
  };
  return (
    <>
      <ActionIcon
        ref={button}
        variant="default"
        radius="xl"
        size="lg"
        aria-label={t("Account of {{name}}", { name: me.name || me.email })}
        popoverTarget={ID}
      >
        <IconUser size={18} stroke={1.6} aria-hidden />
      </ActionIcon>
      <div
        ref={box}
        id={ID}
        popover="auto"
        className={classes.menu}
        onToggle={({ newState }) => {
          if (newState === "open" && box.current && button.current) placeBeside(box.current, button.current);
        }}
      >
        <p className={classes.who}>
          {me.name || me.email} · {t(ROLE[me.role])}
        </p>
        <Link to="/profile" className={classes.item} onClick={close}>
          <IconSettings size={16} stroke={1.6} aria-hidden />
          {t("Profile and tokens")}
        </Link>
        <fieldset className={classes.group}>
          <legend className={classes.who}>{t("Language")}</legend>
          {CODES.map((code) => (
            <UnstyledButton
              key={code}
              lang={code}
              className={classes.item}
              aria-pressed={i18n.language === code}
              onClick={() => void chooseLanguage(code)}
            >
              <IconCheck size={16} aria-hidden opacity={i18n.language === code ? 1 : 0} />
              {LANGUAGES[code]}
            </UnstyledButton>
          ))}
        </fieldset>
        <UnstyledButton className={classes.item} onClick={() => void leave()}>
          <IconLogout size={16} stroke={1.6} aria-hidden />
          {t("Log out")}
        </UnstyledButton>
      </div>
    </>
  );
}

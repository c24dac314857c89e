import { ActionIcon } from "@mantine/core";
import { IconMenu2 } from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";
import { Suspense, useRef } from "react";
import { useTranslation } from "react-i18next";
import { hasRole, useMe } from "@/api/session";
import { ConnectionState } from "@/app/ConnectionState";
import classes from "@/app/Layout.module.css";
import { OutboxNotice, UndoEdit, WorkDay } from "@/app/labelerParts";
import { NavigationCount } from "@/app/NavigationCount";
import { NAVIGATION } from "@/app/navigation";
import { PageLoading } from "@/app/PageLoading";
import { SchemeSwitch } from "@/app/SchemeSwitch";
import { UserMenu } from "@/app/UserMenu";
import { useReloadForAnother } from "@/app/useReloadForAnother";

const DRAWER = "navigation";

export function Layout() {
  const { t } = useTranslation();
  const me = useMe();
  useReloadForAnother(me.id);
  const drawer = useRef<HTMLElement>(null);
  const links = NAVIGATION.filter((entry) => hasRole(me, entry.role)).map((entry) => (
    <Link
      key={entry.to}
      to={entry.to}
      className={classes.link}
      activeProps={{ className: classes.active }}
      activeOptions={{ exact: entry.to === "/" }}
      onClick={() => drawer.current?.hidePopover?.()}
    >
      {t(entry.label)}
      {entry.counted && <NavigationCount of={entry.counted} />}
    </Link>
  ));
  return (
    <>
      <a href="#main" className={classes.skip}>
        {t("Skip to content")}
      </a>
      <header className={classes.header} data-many={links.length > 8 || undefined}>
        <ActionIcon
          className={classes.burger}
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={t("Menu")}
          popoverTarget={DRAWER}
        >
          <IconMenu2 size={20} aria-hidden />
        </ActionIcon>
        <Link to="/" className={classes.brand}>
          <img src="/favicon.svg" alt="" width={22} height={22} />
          labelapp
        </Link>
        <nav className={classes.links} aria-label={t("Main")}>
          {links}
        </nav>
        <div className={classes.tools}>
          <WorkDay />
          <ConnectionState />
          <SchemeSwitch />
          <UserMenu />
        </div>
      </header>
      <nav ref={drawer} id={DRAWER} popover="auto" className={classes.drawer} aria-label={t("Menu")}>
        {links}
      </nav>
      <main id="main" className={classes.main} tabIndex={-1}>
        <OutboxNotice />
        <Suspense fallback={<PageLoading />}>
          <Outlet />
        </Suspense>
        <UndoEdit />
      </main>
    </>
  );
}

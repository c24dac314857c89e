import { ActionIcon, Burger, Drawer, Group, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUser } from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";
import { Suspense } from "react";
import { hasRole, useMe } from "@/api/session";
import { ConnectionState } from "@/app/ConnectionState";
import classes from "@/app/Layout.module.css";
import { NAVIGATION } from "@/app/navigation";
import { PageLoading } from "@/app/PageLoading";
import { SchemeSwitch } from "@/app/SchemeSwitch";
import { UserMenu } from "@/app/UserMenu";

export function Layout() {
  const [isOpen, menu] = useDisclosure(false);
  const me = useMe();
  const links = NAVIGATION.filter((entry) => hasRole(me, entry.role)).map((entry) => (
    <Link
      key={entry.to}
      to={entry.to}
      className={classes.link}
      activeProps={{ className: classes.active }}
      activeOptions={{ exact: entry.to === "/" }}
      onClick={menu.close}
    >
      {entry.label}
    </Link>
  ));
  return (
    <>
      <a href="#main" className={classes.skip}>
        Skip to content
      </a>
      <header className={classes.header}>
        <Group gap="sm" wrap="nowrap">
          <Burger hiddenFrom="md" size="sm" opened={isOpen} onClick={menu.toggle} aria-label="Menu" />
          <Link to="/" className={classes.brand}>
            <img src="/favicon.svg" alt="" width={22} height={22} />
            labelapp
          </Link>
        </Group>
        <nav className={classes.links} aria-label="Main">
          {links}
        </nav>
        <Group gap="xs" wrap="nowrap" ml="auto">
          <ConnectionState />
          <SchemeSwitch />
          <UserMenu
            target={
              <ActionIcon
                variant="default"
                radius="xl"
                size="lg"
                aria-label={`Account of ${me.name || me.email}`}
              >
                <IconUser size={18} stroke={1.6} />
              </ActionIcon>
            }
          />
        </Group>
      </header>
      <Drawer opened={isOpen} onClose={menu.close} title="Menu" size="16rem">
        <Stack gap={2} component="nav" aria-label="Main">
          {links}
        </Stack>
      </Drawer>
      <main id="main" className={classes.main} tabIndex={-1}>
        <Suspense fallback={<PageLoading />}>
          <Outlet />
        </Suspense>
      </main>
    </>
  );
}

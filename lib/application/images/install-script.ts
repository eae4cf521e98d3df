/** No service is started while packages are installed: what runs here is gone in a moment. */
const NO_SERVICES = `printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d`

const INSTALL = `apt-get --quiet --yes --no-install-recommends \\
  -o APT::Sandbox::User=root -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-unsafe-io install /mnt/*.deb`

/** What differs from one making to the next. It runs as the recipe's own root: on the machine none of these paths is trusted. */
const CLEAN = `
rm -f /usr/sbin/policy-rc.d /etc/.pwd.lock /etc/*- /var/lib/dpkg/*-old /var/lib/dpkg/lock* /var/lib/dpkg/triggers/Lock /var/cache/debconf/*-old
for folder in /var/log /var/tmp /var/backups /var/lib/apt/lists /var/cache/apt /var/cache/ldconfig; do
  if [ -d "$folder" ] && [ ! -L "$folder" ]; then find "$folder" -xdev -not -type d -delete; fi
done
rm -f /var/lib/apt/extended_states
find / -xdev -type f -perm /6000 -exec chmod ug-s {} +
`

/** Installs the packages that are given in /mnt, does what the recipe says, and tidies. */
export const installScript = (hasPackages: boolean, recipe = ''): string =>
  [NO_SERVICES, ...(hasPackages ? [INSTALL] : []), ...(recipe === '' ? [] : [`(\n${recipe}\n)`]), CLEAN].join('\n')

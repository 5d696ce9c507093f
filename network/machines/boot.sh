# Becomes the first process of a host: a copy of this machine's files that nobody
# else sees, and systemd. $1 is the host's folder, $2 its name.
set -e
folder=$1
mount --make-rprivate /
mount -t tmpfs -o mode=0755 host "$folder/mount"
cd "$folder/mount"
mkdir upper work root
mount -t overlay host -o lowerdir=/,upperdir=upper,workdir=work root
cd root
for shared in proc dev sys; do mount --rbind /$shared $shared; done
mount -t tmpfs -o mode=0755 run run
mount -t tmpfs -o mode=1777 tmp tmp
mount -t tmpfs -o mode=1777 shm dev/shm
mkdir -p run/lock run/before media/tongzheng media/tongzheng-secrets media/tongzheng-records
mount --bind "$folder/medium" media/tongzheng
for own in secrets records; do mount --bind "$folder/$own" media/tongzheng-$own; done
cat "$folder/hosts" > etc/hosts
cat "$folder/authority.pem" >> etc/ssl/certs/ca-certificates.crt
hostname "$2"
pivot_root . run/before
umount -l /run/before
mount -t proc proc /proc
umount -R /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# The kernel is not this host's: nothing may be set in it.
mount --bind /proc/sys /proc/sys
mount -o remount,ro,bind /proc/sys
for own in /etc/systemd/system /root /home; do mount -t tmpfs own "$own"; done
for unit in systemd-sysctl systemd-modules-load systemd-remount-fs systemd-binfmt systemd-udevd systemd-udev-trigger modprobe@ \
    systemd-random-seed systemd-timesyncd systemd-networkd systemd-logind dbus; do
    ln -s /dev/null "/etc/systemd/system/$unit.service"
done
for unit in systemd-journald-audit.socket dbus.socket proc-sys-fs-binfmt_misc.automount dev-hugepages.mount dev-mqueue.mount \
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount; do
    ln -s /dev/null "/etc/systemd/system/$unit"
done
printf '[Unit]\nWants=systemd-journald.service timers.target multi-user.target\n' > /etc/systemd/system/host.target
mkdir -p /etc/systemd/journald.conf.d
printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n' > /etc/systemd/journald.conf.d/host.conf
export container=namespace
exec /lib/systemd/systemd --system --unit=host.target --log-target=null --show-status=no

# Sourced by mount-data and stick-back: how the stick's own volumes are known and mounted.
run=/run/ardoise
data=$run/data
medium=/run/live/medium
safe=noexec,nosuid,nodev,noatime
fat=$safe,umask=0077,utf8=1,errors=remount-ro

partition() { case $1 in *[0-9]) echo "$1p$2" ;; *) echo "$1$2" ;; esac; }
problem() { echo "$*" >$run/data-problem; report "problem: $*"; }
# Tells a virtual machine's report port, where there is one.
report() { [ ! -e /dev/virtio-ports/org.ardoise.report ] || echo "ardoise: $*" >/dev/virtio-ports/org.ardoise.report; }
kind_of() { blkid -p -s TYPE -o value "$1" 2>/dev/null; }
volume_of() { blkid -p -s UUID -o value "$1" 2>/dev/null; }

# A USB stick's serial number stands at the USB device above the disk, a memory card's at the card.
serial_of() {
    device=$(readlink -f "/sys/block/$1/device")
    while [ -n "$device" ] && [ ! -e "$device/serial" ]; do device=${device%/*}; done
    [ -z "$device" ] || tr -cd '\41-\176' <"$device/serial"
}

# Which station the folder $1 holds; empty where it holds none.
station_of() { sha256sum "$1/station/station.cert.pem" 2>/dev/null | cut -c1-64; }

# Whether the data volume is mounted and its device still there, by the kernel's own tables: a dead file system is not asked.
is_alive() { number=$(findmnt -nro MAJ:MIN -M $data | tail -n 1) && [ -n "$number" ] && [ -e "/sys/dev/block/$number" ]; }

# The data partition $1: checked first, every write goes through, nothing on it is run.
mount_partition() {
    # fsck.fat says 1 when it repaired something.
    fsck.fat -a -w "$1" >$run/data-check 2>&1
    mkdir -p $data
    mount -t vfat -o rw,sync,$fat "$1" $data &&
        mkdir -p $data/evidence && : >$data/evidence/.writable && rm $data/evidence/.writable
}

# The ISO's files were copied to a FAT stick: there is no partition for data, but room beside them.
mount_beside_files() {
    mount -o remount,rw,sync,$safe $medium &&
        mkdir -p $medium/ardoise-data/evidence $data && mount --bind $medium/ardoise-data $data
}

# What the stick is known by when it comes back: serial number, data volume, station; each may be empty, hence the colons.
remember() { printf 'serial:%s\nvolume:%s\nstation:%s\n' "$(serial_of "$1")" "$(volume_of "$2")" "$(station_of $data)" >$run/stick-id; }
remembered() { sed -n "s/^$1://p" $run/stick-id; }

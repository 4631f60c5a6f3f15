/*
 * An eMMC for programs that speak MMC_IOC_CMD and MMC_IOC_MULTI_CMD: preloaded, it answers for the device (JESD84-B51) and for the
 * kernel's driver (drivers/mmc/core/block.c), on block devices or files that stand for mmcblk0 and its boot partitions.
 *
 * The environment's MMC_SHIM is a folder, made by emmc.py:
 *   settings          lines: area NAME NODE, fault OPERATION KIND, set slow_ms N, set discard erases
 *   ext_csd           the register of 512 bytes, which a SWITCH changes
 *   leftover.AREA     what the flash still holds of blocks that no address maps to any more
 *   marked            secure trim's first step, until its second
 *   log               every command, in their order
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mmc/ioctl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECTOR 512ULL
#define PIECE 65536ULL
#define AREAS 3 /* user, boot0, boot1 */
#define FAULTS 8

/* 6.10.4, detailed command description. */
enum { SWITCH = 6, SEND_EXT_CSD = 8, SEND_STATUS = 13, GROUP_START = 35, GROUP_END = 36, ERASE = 38 };

/* 6.13, device status. The state is 4 (transfer) with READY_FOR_DATA while nothing runs. */
#define READY ((4U << 9) | (1U << 8))
#define OUT_OF_RANGE (1U << 31)
#define ERASE_SEQ_ERROR (1U << 28)
#define ERASE_PARAM (1U << 27)
#define GENERAL_ERROR (1U << 19)

/* 7.4, extended CSD register. */
enum { SANITIZE_START = 165, ERASED_MEM_CONT = 181, EXT_CSD_REV = 192, SEC_COUNT = 212, HC_ERASE_GRP_SIZE = 224 };
enum { SEC_FEATURE_SUPPORT = 231, SECURE_ER_EN = 1 << 0, SEC_GB_CL_EN = 1 << 4, SEC_SANITIZE = 1 << 6 };
/* Bytes from 192 up are the properties segment, which the host can't write (7.4). */
#define FIRST_PROPERTY 192
/* 7.4, SEC_COUNT: a device of more than 2 GiB counts sectors, a smaller one bytes. */
#define MOST_BYTE_ADDRESSED (4ULL << 20)
/* Discard came with version 4.5, which says 6 there. */
#define REV_4_5 6

struct operation {
    const char *name;
    unsigned argument; /* of CMD38 */
    int groups;        /* whole erase groups, not write blocks */
    unsigned features; /* of SEC_FEATURE_SUPPORT */
    enum { MOVES, PURGES, MARKS, PURGES_MARKED, ALLOWS } effect;
};

/* CMD38's arguments, 6.6: erase, trim and discard; secure erase and secure trim are from 4.4 and left to old devices since 4.5. */
static const struct operation operations[] = {
    {"erase", 0x00000000, 1, 0, MOVES},
    {"trim", 0x00000001, 0, SEC_GB_CL_EN, MOVES},
    {"discard", 0x00000003, 0, 0, ALLOWS},
    {"secure-erase", 0x80000000, 1, SECURE_ER_EN, PURGES},
    {"secure-trim1", 0x80000001, 0, SECURE_ER_EN | SEC_GB_CL_EN, MARKS},
    {"secure-trim2", 0x80008000, 0, SECURE_ER_EN | SEC_GB_CL_EN, PURGES_MARKED},
};

static struct {
    char name[24], node[200];
} areas[AREAS];
static struct {
    char operation[24], kind[200];
} faults[FAULTS];
static int slow_ms, discard_erases;
static unsigned char csd[512];
static unsigned erase_start, erase_end, addressed, pending;

static int is(const char *a, const char *b) { return !strcmp(a, b); }

static int open_own(const char *name, int flags) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s", getenv("MMC_SHIM"), name);
    return open(path, flags | O_CLOEXEC, 0644);
}

static void learn(void) {
    char line[256], about[8], name[24], value[200];
    int known = 0, wrong = 0, fd = open_own("ext_csd", O_RDONLY), settings = open_own("settings", O_RDONLY);
    FILE *file = settings < 0 ? NULL : fdopen(settings, "r");
    if (!file || read(fd, csd, sizeof csd) != sizeof csd || close(fd)) {
        fprintf(stderr, "mmc_shim: no device in MMC_SHIM\n");
        abort();
    }
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%7s %23s %199s", about, name, value) != 3)
            continue;
        if (is(about, "area") && known < AREAS) {
            strcpy(areas[known].name, name);
            strcpy(areas[known++].node, value);
        } else if (is(about, "fault") && wrong < FAULTS) {
            strcpy(faults[wrong].operation, name);
            strcpy(faults[wrong++].kind, value);
        } else if (is(name, "slow_ms"))
            slow_ms = atoi(value);
        else if (is(name, "discard"))
            discard_erases = is(value, "erases");
    }
    fclose(file);
}

/* What is to go wrong with an operation: "" if nothing. */
static const char *fault(const char *operation) {
    for (int n = 0; n < FAULTS; n++)
        if (is(faults[n].operation, operation))
            return faults[n].kind;
    return "";
}

/* The area that a descriptor is open on, by the device's number: an alias made by mknod is the same device. */
static int area_of(int fd) {
    struct stat open_on, node;
    if (fstat(fd, &open_on))
        return -1;
    for (int n = 0; n < AREAS; n++) {
        if (!*areas[n].node || stat(areas[n].node, &node))
            continue;
        if (S_ISBLK(node.st_mode) ? S_ISBLK(open_on.st_mode) && node.st_rdev == open_on.st_rdev
                                  : node.st_dev == open_on.st_dev && node.st_ino == open_on.st_ino)
            return n;
    }
    return -1;
}

static void log_command(int area, const struct mmc_ioc_cmd *command) {
    char line[80];
    int fd = open_own("log", O_WRONLY | O_CREAT | O_APPEND);
    int length = snprintf(line, sizeof line, "%s CMD%u %08x\n", areas[area].name, command->opcode, command->arg);
    if (fd >= 0 && write(fd, line, length) == length)
        close(fd);
}

static void pause_ms(int milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static int leftover(int area) {
    char name[40];
    snprintf(name, sizeof name, "leftover.%.23s", areas[area].name);
    return open_own(name, O_RDWR | O_CREAT);
}

/* Put the erased content into a piece; what was there goes to the leftover, unless it is purged as well. */
static int blank_piece(int node, int rest, unsigned long long at, size_t length, int purge) {
    static unsigned char before[PIECE], blank[PIECE];
    /* ERASED_MEM_CONT: what erased memory reads as, all ones or all zeros. */
    memset(blank, csd[ERASED_MEM_CONT] ? 0xFF : 0, length);
    if (pread(node, before, length, at) != (ssize_t)length)
        return -1;
    if (!purge && !memcmp(before, blank, length))
        return 0;
    if (purge)
        memset(before, 0, length);
    if (pwrite(rest, before, length, at) != (ssize_t)length)
        return -1;
    return pwrite(node, blank, length, at) == (ssize_t)length ? 0 : -1;
}

static int blank(int area, unsigned long long first, unsigned long long end, int purge) {
    int failed = 0, node = open(areas[area].node, O_RDWR | O_CLOEXEC), rest = leftover(area);
    if (node < 0 || rest < 0)
        return -1;
    for (unsigned long long at = first * SECTOR; at < end * SECTOR && !failed; at += PIECE) {
        unsigned long long length = end * SECTOR - at;
        failed = blank_piece(node, rest, at, length < PIECE ? length : PIECE, purge);
        if (slow_ms && !(at % (16 * PIECE)) && !fsync(node))
            pause_ms(slow_ms);
    }
    failed |= fsync(node) | close(node) | fsync(rest) | close(rest);
    return failed;
}

static int mark(int area, unsigned long long first, unsigned long long end) {
    int fd = open_own("marked", O_WRONLY | O_CREAT | O_APPEND);
    return fd < 0 || dprintf(fd, "%d %llu %llu\n", area, first, end) < 0 || close(fd) ? -1 : 0;
}

static int purge_marked(const char *kind) {
    int area, failed = 0, fd = open_own("marked", O_RDWR);
    unsigned long long first, end;
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    while (file && !failed && fscanf(file, "%d %llu %llu", &area, &first, &end) == 3)
        failed = blank(area, first, *kind ? first + (end - first) / 2 : end, 1);
    if (file)
        failed |= ftruncate(fd, 0) | fclose(file);
    return failed;
}

static unsigned long long sectors_of(int area) {
    struct stat node;
    unsigned long long bytes = 0;
    int fd = open(areas[area].node, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && !fstat(fd, &node))
        bytes = lseek(fd, 0, SEEK_END);
    if (fd >= 0)
        close(fd);
    return bytes / SECTOR;
}

/* The kernel gets no answer to an illegal command (6.7.1) and reports a timeout; nor does a device answer that hangs. */
static int no_answer(void) {
    errno = ETIMEDOUT;
    return -1;
}

static unsigned long long sector_at(unsigned address) {
    unsigned long long sectors = csd[SEC_COUNT] | csd[SEC_COUNT + 1] << 8 | csd[SEC_COUNT + 2] << 16 | (unsigned)csd[SEC_COUNT + 3] << 24;
    return sectors > MOST_BYTE_ADDRESSED ? address : address / SECTOR;
}

static int carry_out(const struct operation *operation, int area) {
    unsigned long long first = sector_at(erase_start), end = sector_at(erase_end) + 1, group = csd[HC_ERASE_GRP_SIZE] * 1024ULL;
    const char *kind = fault(operation->name);
    if (operation->groups && group) {
        /* 6.6, Erase: the device ignores the address bits below the erase group's size, so both ends are whole groups. */
        first -= first % group;
        end += (group - end % group) % group;
        if (end > sectors_of(area))
            end = sectors_of(area);
    }
    if (is(kind, "refuse") || is(kind, "hang"))
        return no_answer();
    if (is(kind, "nothing"))
        return 0;
    if (is(kind, "half") || is(kind, "fail"))
        end = first + (end - first) / 2;
    if (operation->effect == MARKS)
        return mark(area, first, end);
    int failed = operation->effect == PURGES_MARKED  ? purge_marked(kind)
                 : operation->effect != ALLOWS       ? blank(area, first, end, operation->effect == PURGES)
                 : discard_erases                    ? blank(area, first, end, 0)
                                                     : 0;
    /* Errors of the erasing itself come while it is busy; the driver gathers them into the answer and returns success. */
    if (failed || is(kind, "fail"))
        pending |= GENERAL_ERROR;
    return 0;
}

static int erase(int area, unsigned argument) {
    if (addressed != 3 || erase_start > erase_end) {
        pending |= addressed != 3 ? ERASE_SEQ_ERROR : ERASE_PARAM;
        return 0;
    }
    addressed = 0;
    for (size_t n = 0; n < sizeof operations / sizeof *operations; n++) {
        const struct operation *found = &operations[n];
        if (found->argument == argument) {
            int missing = found->features & ~csd[SEC_FEATURE_SUPPORT];
            int old = found->effect == ALLOWS && csd[EXT_CSD_REV] < REV_4_5;
            return missing || old ? no_answer() : carry_out(found, area);
        }
    }
    return no_answer();
}

/* 6.6, Sanitize: removes what no address maps to, and nothing that one does; in every partition. */
static int sanitize(void) {
    const char *kind = fault("sanitize");
    if (!(csd[SEC_FEATURE_SUPPORT] & SEC_SANITIZE)) {
        errno = EOPNOTSUPP; /* mmc_sanitize() asks nothing of a device without it */
        return -1;
    }
    if (is(kind, "hang"))
        return no_answer();
    for (int n = 0; n < AREAS && !is(kind, "nothing") && !is(kind, "refuse"); n++) {
        int rest = *areas[n].name ? leftover(n) : -1, whole = !is(kind, "half") && !is(kind, "fail");
        static const char nothing[PIECE];
        off_t size = rest < 0 ? 0 : lseek(rest, 0, SEEK_END);
        for (off_t at = 0; at < (whole ? size : size / 2); at += PIECE) {
            if (slow_ms && !(at % (off_t)(16 * PIECE)))
                pause_ms(slow_ms);
            if (pwrite(rest, nothing, PIECE, at) != (ssize_t)PIECE)
                return no_answer();
        }
        if (rest >= 0 && (fsync(rest) | close(rest)))
            return no_answer();
    }
    if (is(kind, "fail") || is(kind, "refuse")) {
        errno = EBADMSG; /* SWITCH_ERROR, by mmc_switch_status_error() */
        return -1;
    }
    return 0;
}

/* SWITCH's argument: access mode 25:24, index 23:16, value 15:8 (6.10.4). */
static int do_switch(unsigned argument) {
    unsigned mode = argument >> 24 & 3, index = argument >> 16 & 0xFF, value = argument >> 8 & 0xFF;
    if (mode == 3 && index == SANITIZE_START)
        return sanitize();
    if (!mode || index >= FIRST_PROPERTY) {
        errno = EBADMSG;
        return -1;
    }
    csd[index] = mode == 1 ? csd[index] | value : mode == 2 ? csd[index] & ~value : value;
    int fd = open_own("ext_csd", O_WRONLY);
    return fd < 0 || pwrite(fd, csd, sizeof csd, 0) != sizeof csd || close(fd) ? no_answer() : 0;
}

static int command(int area, struct mmc_ioc_cmd *command) {
    int failed = 0;
    log_command(area, command);
    switch (command->opcode) {
    case SWITCH:
        failed = do_switch(command->arg);
        break;
    case SEND_EXT_CSD:
        memcpy((void *)(uintptr_t)command->data_ptr, csd, sizeof csd);
        break;
    case SEND_STATUS:
        break;
    case GROUP_START:
    case GROUP_END:
        if (sector_at(command->arg) >= sectors_of(area))
            pending |= OUT_OF_RANGE;
        else if (command->opcode == GROUP_START)
            erase_start = command->arg, addressed = 1;
        else
            erase_end = command->arg, addressed |= 2;
        break;
    case ERASE:
        failed = erase(area, command->arg);
        break;
    default:
        failed = no_answer();
    }
    command->response[0] = READY | pending;
    pending = 0;
    return failed;
}

int ioctl(int fd, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    int area = -1;
    if (getenv("MMC_SHIM") && (request == MMC_IOC_CMD || request == MMC_IOC_MULTI_CMD)) {
        learn();
        area = area_of(fd);
    }
    if (area < 0)
        return syscall(SYS_ioctl, fd, request, argument);
    if (request == MMC_IOC_CMD)
        return command(area, argument);
    struct mmc_ioc_multi_cmd *several = argument;
    for (unsigned n = 0; n < several->num_of_cmds; n++)
        if (command(area, &several->cmds[n]))
            return -1;
    return 0;
}

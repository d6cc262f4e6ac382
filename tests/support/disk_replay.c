/* SPDX-License-Identifier: Apache-2.0 */
/* What a power cut leaves. Each file is two images: what is on the platter, and what the process sees; between them are
 * the writes that were not synced. A deleted file comes back when nobody synced its folder. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk_private.h"

enum { SECTOR = 512 };

struct image {
        unsigned char *bytes;
        size_t size, capacity;
};

struct inode {
        bool linked; /* its name is on the platter */
        struct image platter, seen;
        const struct disk_step **pending; /* written, not synced */
        size_t n_pending, capacity;
};

struct disk_replay {
        const struct disk_trace *trace;
        size_t at;
        struct inode *files[DISK_MOST_FILES];  /* by name; NULL: there is none */
        struct inode *ghosts[DISK_MOST_FILES]; /* deleted or replaced, and still on the platter */
};

static void *must(void *memory) {
        if (!memory) {
                fputs("disk: out of memory\n", stderr);
                abort();
        }
        return memory;
}

static uint64_t next_random(uint64_t *state) {
        uint64_t z = *state += 0x9E3779B97F4A7C15u;

        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
}

const char *disk_loss_name(enum disk_loss loss) {
        static const char *const names[DISK_LOSSES] = {
                [DISK_KEEPS] = "keeps",       [DISK_DROPS] = "drops",   [DISK_TEARS] = "tears",
                [DISK_REORDERS] = "reorders", [DISK_ZEROES] = "zeroes",
        };

        return names[loss];
}

/* ---------------------------------------------------------------------------------------------------------------
 * Images
 */

static void image_resize(struct image *image, size_t size) {
        if (size > image->capacity) {
                image->capacity = size * 2;
                image->bytes = must(realloc(image->bytes, image->capacity));
        }
        if (size > image->size)
                memset(image->bytes + image->size, 0, size - image->size);
        image->size = size;
}

static void image_write(struct image *image, const unsigned char *bytes, size_t size, size_t offset) {
        if (!size)
                return;
        if (offset + size > image->size)
                image_resize(image, offset + size);
        memcpy(image->bytes + offset, bytes, size);
}

static void image_apply(struct image *image, const struct disk_step *step) {
        if (step->type == STEP_TRUNCATED)
                image_resize(image, step->size);
        else
                image_write(image, step->bytes, step->size, step->offset);
}

static struct image image_copy(const struct image *image) {
        struct image copy = {0};

        image_write(&copy, image->bytes, image->size, 0);
        return copy;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Going through the trace
 */

static struct inode *inode_new(void) {
        return must(calloc(1, sizeof(struct inode)));
}

static struct inode *inode_free(struct inode *inode) {
        if (inode) {
                free(inode->platter.bytes);
                free(inode->seen.bytes);
                free(inode->pending);
                free(inode);
        }
        return NULL;
}

static void inode_change(struct inode *inode, const struct disk_step *step) {
        image_apply(&inode->seen, step);
        if (inode->n_pending == inode->capacity) {
                inode->capacity = inode->capacity ? inode->capacity * 2 : 64;
                inode->pending = must(realloc(inode->pending, inode->capacity * sizeof(*inode->pending)));
        }
        inode->pending[inode->n_pending++] = step;
}

static void inode_sync(struct inode *inode) {
        for (size_t i = 0; i < inode->n_pending; i++)
                image_apply(&inode->platter, inode->pending[i]);
        inode->n_pending = 0;
}

/* The driver flushes the folder with the first flush of a new log or journal, not with that of a new database. */
static bool syncs_folder(const struct disk_replay *replay, const struct disk_step *step) {
        const char *name = replay->trace->names[step->file], *dash = strrchr(name, '-');

        return !replay->files[step->file]->linked && dash &&
               (strcmp(dash, "-wal") == 0 || strcmp(dash, "-journal") == 0);
}

/* Every name is on the platter, and none that was deleted. */
static void sync_folder(struct disk_replay *replay) {
        for (size_t i = 0; i < DISK_MOST_FILES; i++) {
                replay->ghosts[i] = inode_free(replay->ghosts[i]);
                if (replay->files[i])
                        replay->files[i]->linked = true;
        }
}

static void find(struct disk_replay *replay, const struct disk_step *step) {
        struct inode *inode = inode_new();

        image_write(&inode->platter, step->bytes, step->size, 0);
        image_write(&inode->seen, step->bytes, step->size, 0);
        inode->linked = true;
        replay->files[step->file] = inode;
}

static void delete_file(struct disk_replay *replay, const struct disk_step *step) {
        struct inode *inode = replay->files[step->file];

        replay->files[step->file] = NULL;
        if (inode->linked) {
                inode_free(replay->ghosts[step->file]);
                replay->ghosts[step->file] = inode;
        } else {
                inode_free(inode);
        }
        if (step->durable)
                sync_folder(replay);
}

static void follow(struct disk_replay *replay, const struct disk_step *step) {
        struct inode *inode = replay->files[step->file];

        switch (step->type) {
        case STEP_FOUND:
                find(replay, step);
                break;
        case STEP_CREATED:
                replay->files[step->file] = inode_new();
                break;
        case STEP_WRITTEN:
        case STEP_TRUNCATED:
                inode_change(inode, step);
                break;
        case STEP_SYNCED:
                inode_sync(inode);
                if (syncs_folder(replay, step))
                        sync_folder(replay);
                break;
        case STEP_SYNC_FAILED:
                inode->n_pending = 0;
                break;
        case STEP_DELETED:
                delete_file(replay, step);
                break;
        }
}

struct disk_replay *disk_replay_new(const struct disk_trace *trace) {
        struct disk_replay *replay = must(calloc(1, sizeof(*replay)));

        replay->trace = trace;
        disk_replay_to(replay, trace->n_found);
        return replay;
}

void disk_replay_free(struct disk_replay *replay) {
        if (!replay)
                return;
        for (size_t i = 0; i < DISK_MOST_FILES; i++) {
                inode_free(replay->files[i]);
                inode_free(replay->ghosts[i]);
        }
        free(replay);
}

void disk_replay_to(struct disk_replay *replay, size_t at) {
        for (; replay->at < at && replay->at < replay->trace->n_steps; replay->at++)
                follow(replay, &replay->trace->steps[replay->at]);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The cut
 */

static void tear(struct image *image, const struct inode *inode, uint64_t *random) {
        size_t n = next_random(random) % (inode->n_pending + 1);

        for (size_t i = 0; i < n; i++)
                image_apply(image, inode->pending[i]);
        if (n < inode->n_pending && inode->pending[n]->type == STEP_WRITTEN)
                image_write(image, inode->pending[n]->bytes, next_random(random) % (inode->pending[n]->size + 1),
                            inode->pending[n]->offset);
}

/* Sectors of a write arrive one by one, or not. */
static void write_sectors(struct image *image, const struct disk_step *step, bool zeroes, uint64_t odds,
                          uint64_t *random) {
        for (uint64_t done = 0, size; done < step->size; done += size) {
                uint64_t offset = step->offset + done;

                size = SECTOR - offset % SECTOR;
                if (size > step->size - done)
                        size = step->size - done;
                if (next_random(random) % 8 < odds)
                        image_write(image, step->bytes + done, size, offset);
                else if (zeroes && offset + size > image->size)
                        image_resize(image, offset + size);
        }
}

static void reorder(struct image *image, const struct inode *inode, bool zeroes, uint64_t *random) {
        uint64_t odds = 1 + next_random(random) % 7;

        for (size_t i = 0; i < inode->n_pending; i++) {
                const struct disk_step *step = inode->pending[i];

                if (step->type == STEP_WRITTEN)
                        write_sectors(image, step, zeroes, odds, random);
                else if (next_random(random) % 8 < odds)
                        image_apply(image, step);
        }
}

static struct image surviving(const struct inode *inode, enum disk_loss loss, uint64_t *random) {
        struct image image = image_copy(loss == DISK_KEEPS ? &inode->seen : &inode->platter);

        if (loss == DISK_TEARS)
                tear(&image, inode, random);
        else if (loss == DISK_REORDERS || loss == DISK_ZEROES)
                reorder(&image, inode, loss == DISK_ZEROES, random);
        return image;
}

/* Which file the name leads to afterwards; NULL: none. */
static const struct inode *surviving_inode(const struct disk_replay *replay, size_t file, enum disk_loss loss,
                                           uint64_t *random) {
        const struct inode *inode = replay->files[file], *ghost = replay->ghosts[file];

        if (loss == DISK_KEEPS || (inode && inode->linked))
                return inode;
        if (loss == DISK_DROPS)
                return ghost;
        return next_random(random) & 1 ? inode : ghost;
}

static void empty(const char *folder) {
        DIR *entries = must(opendir(folder));
        struct dirent *entry;

        while ((entry = readdir(entries)))
                if (*entry->d_name != '.')
                        unlinkat(dirfd(entries), entry->d_name, 0);
        closedir(entries);
}

static void put(const char *folder, const char *name, const struct image *image) {
        char path[512];
        int fd;

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || (image->size && write(fd, image->bytes, image->size) != (ssize_t)image->size))
                abort();
        close(fd);
}

void disk_replay_cut(const struct disk_replay *replay, enum disk_loss loss, uint64_t seed, const char *folder) {
        uint64_t random = seed * 31 + replay->at;

        empty(folder);
        for (size_t i = 0; i < replay->trace->n_names; i++) {
                const struct inode *inode = surviving_inode(replay, i, loss, &random);
                struct image image;

                if (!inode)
                        continue;
                image = surviving(inode, loss, &random);
                put(folder, replay->trace->names[i], &image);
                free(image.bytes);
        }
}

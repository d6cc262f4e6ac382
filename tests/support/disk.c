/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_private.h"

struct disk {
        sqlite3_vfs vfs;
        sqlite3_vfs *real;
        pthread_mutex_t mutex;
        struct disk_trace *trace; /* being recorded, or NULL */
        struct disk_fault fault;
        uint64_t n_matching, n_failed;
};

struct disk_file {
        sqlite3_file base;
        struct disk *disk;
        char name[DISK_NAME_SIZE]; /* "": a temporary file */
        sqlite3_file *real;        /* in the memory behind */
};

static struct disk *disk_of(sqlite3_vfs *vfs) {
        return vfs->pAppData;
}

static struct disk_file *file_of(sqlite3_file *file) {
        return (struct disk_file *)(void *)file;
}

static void *must(void *memory) {
        if (!memory) {
                fputs("disk: out of memory\n", stderr);
                abort();
        }
        return memory;
}

static void copy_name(char name[DISK_NAME_SIZE], const char *path) {
        const char *slash = strrchr(path, '/');
        const char *base = slash ? slash + 1 : path;

        if (strlen(base) >= DISK_NAME_SIZE) {
                fprintf(stderr, "disk: name too long: %s\n", base);
                abort();
        }
        memcpy(name, base, strlen(base) + 1);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Recording; disk->mutex is held
 */

static struct disk_step *add_step(struct disk_trace *trace, int type, uint32_t file) {
        struct disk_step *step;

        pthread_mutex_lock(&trace->mutex);
        if (trace->n_steps == trace->capacity) {
                trace->capacity = trace->capacity ? trace->capacity * 2 : 256;
                trace->steps = must(realloc(trace->steps, trace->capacity * sizeof(*trace->steps)));
        }
        step = &trace->steps[trace->n_steps++];
        *step = (struct disk_step){.file = file};
        step->type = type;
        pthread_mutex_unlock(&trace->mutex);
        return step;
}

/* @return the index of a name, a new one where the trace has not seen it */
static uint32_t name_index(struct disk_trace *trace, const char *name) {
        for (uint32_t i = 0; i < trace->n_names; i++)
                if (strcmp(trace->names[i], name) == 0)
                        return i;
        if (trace->n_names == DISK_MOST_FILES)
                abort();
        copy_name(trace->names[trace->n_names], name);
        return (uint32_t)trace->n_names++;
}

static struct disk_step *record(struct disk_file *file, int type) {
        struct disk_trace *trace = file->disk->trace;

        return trace && *file->name ? add_step(trace, type, name_index(trace, file->name)) : NULL;
}

static void record_write(struct disk_file *file, const void *bytes, size_t size, uint64_t offset) {
        struct disk_step *step = record(file, STEP_WRITTEN);

        if (!step)
                return;
        step->bytes = must(malloc(size + 1));
        memcpy(step->bytes, bytes, size);
        step->offset = offset;
        step->size = size;
}

/* @return the code to fail with, or 0 */
static int faulty(struct disk *disk, enum disk_operation operation) {
        const struct disk_fault *fault = &disk->fault;

        if (!(fault->operations & operation) || ++disk->n_matching < fault->first)
                return 0;
        if (fault->count && disk->n_matching >= fault->first + fault->count)
                return 0;
        disk->n_failed++;
        return fault->code;
}

/* ---------------------------------------------------------------------------------------------------------------
 * The file
 */

static int file_close(sqlite3_file *base) {
        sqlite3_file *real = file_of(base)->real;

        return real->pMethods ? real->pMethods->xClose(real) : SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *bytes, int size, sqlite3_int64 offset) {
        struct disk_file *file = file_of(base);
        int code;

        pthread_mutex_lock(&file->disk->mutex);
        code = faulty(file->disk, DISK_READ);
        pthread_mutex_unlock(&file->disk->mutex);
        return code ? code : file->real->pMethods->xRead(file->real, bytes, size, offset);
}

static int file_write(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 offset) {
        struct disk_file *file = file_of(base);
        int code, fault;

        pthread_mutex_lock(&file->disk->mutex);
        fault = faulty(file->disk, DISK_WRITE);
        if (fault)
                size /= 2;
        record_write(file, bytes, (size_t)size, (uint64_t)offset);
        code = file->real->pMethods->xWrite(file->real, bytes, size, offset);
        pthread_mutex_unlock(&file->disk->mutex);
        return fault ? fault : code;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size) {
        struct disk_file *file = file_of(base);
        struct disk_step *step;
        int code;

        pthread_mutex_lock(&file->disk->mutex);
        code = faulty(file->disk, DISK_TRUNCATE);
        if (!code) {
                step = record(file, STEP_TRUNCATED);
                if (step)
                        step->size = (uint64_t)size;
                code = file->real->pMethods->xTruncate(file->real, size);
        }
        pthread_mutex_unlock(&file->disk->mutex);
        return code;
}

static int file_sync(sqlite3_file *base, int flags) {
        struct disk_file *file = file_of(base);
        int code;

        (void)flags;
        pthread_mutex_lock(&file->disk->mutex);
        code = faulty(file->disk, DISK_SYNC);
        record(file, code ? STEP_SYNC_FAILED : STEP_SYNCED);
        pthread_mutex_unlock(&file->disk->mutex);
        return code;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size) {
        sqlite3_file *real = file_of(base)->real;

        return real->pMethods->xFileSize(real, size);
}

static int file_lock(sqlite3_file *base, int lock) {
        sqlite3_file *real = file_of(base)->real;

        return real->pMethods->xLock(real, lock);
}

static int file_unlock(sqlite3_file *base, int lock) {
        sqlite3_file *real = file_of(base)->real;

        return real->pMethods->xUnlock(real, lock);
}

static int file_check_lock(sqlite3_file *base, int *ret_locked) {
        sqlite3_file *real = file_of(base)->real;

        return real->pMethods->xCheckReservedLock(real, ret_locked);
}

static int file_control(sqlite3_file *base, int operation, void *argument) {
        sqlite3_file *real = file_of(base)->real;

        return real->pMethods->xFileControl(real, operation, argument);
}

static int file_sector_size(sqlite3_file *base) {
        sqlite3_file *real = file_of(base)->real;

        return real->pMethods->xSectorSize(real);
}

static int file_characteristics(sqlite3_file *base) {
        sqlite3_file *real = file_of(base)->real;

        return real->pMethods->xDeviceCharacteristics(real);
}

/* Memory shared between connections does not outlive a power cut and is not part of the trace. */
static int file_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **ret_memory) {
        sqlite3_file *real = file_of(base)->real;

        return real->pMethods->xShmMap(real, region, size, extend, ret_memory);
}

static int file_shm_lock(sqlite3_file *base, int offset, int n, int flags) {
        sqlite3_file *real = file_of(base)->real;

        return real->pMethods->xShmLock(real, offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *base) {
        sqlite3_file *real = file_of(base)->real;

        real->pMethods->xShmBarrier(real);
}

static int file_shm_unmap(sqlite3_file *base, int deletes) {
        sqlite3_file *real = file_of(base)->real;

        return real->pMethods->xShmUnmap(real, deletes);
}

/* Version 2: no memory maps, so that every write comes by. */
static const sqlite3_io_methods methods = {
        .iVersion = 2,
        .xClose = file_close,
        .xRead = file_read,
        .xWrite = file_write,
        .xTruncate = file_truncate,
        .xSync = file_sync,
        .xFileSize = file_size,
        .xLock = file_lock,
        .xUnlock = file_unlock,
        .xCheckReservedLock = file_check_lock,
        .xFileControl = file_control,
        .xSectorSize = file_sector_size,
        .xDeviceCharacteristics = file_characteristics,
        .xShmMap = file_shm_map,
        .xShmLock = file_shm_lock,
        .xShmBarrier = file_shm_barrier,
        .xShmUnmap = file_shm_unmap,
};

/* ---------------------------------------------------------------------------------------------------------------
 * The VFS
 */

static int disk_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *ret_flags) {
        struct disk *disk = disk_of(vfs);
        struct disk_file *file = file_of(base);
        int code;

        *file = (struct disk_file){.disk = disk, .real = (sqlite3_file *)(void *)(file + 1)};
        memset(file->real, 0, (size_t)disk->real->szOsFile);
        pthread_mutex_lock(&disk->mutex);
        code = faulty(disk, DISK_OPEN);
        if (path)
                copy_name(file->name, path);
        if (!code)
                code = disk->real->xOpen(disk->real, path, file->real, flags, ret_flags);
        if (!code && path && disk->trace) {
                uint32_t index = name_index(disk->trace, file->name);

                if (!disk->trace->exists[index])
                        add_step(disk->trace, STEP_CREATED, index);
                disk->trace->exists[index] = true;
        }
        pthread_mutex_unlock(&disk->mutex);
        if (file->real->pMethods)
                base->pMethods = &methods;
        return code;
}

static int disk_delete(sqlite3_vfs *vfs, const char *path, int sync_folder) {
        struct disk *disk = disk_of(vfs);
        char name[DISK_NAME_SIZE];
        int code;

        pthread_mutex_lock(&disk->mutex);
        copy_name(name, path);
        if (disk->trace) {
                uint32_t index = name_index(disk->trace, name);

                if (disk->trace->exists[index])
                        add_step(disk->trace, STEP_DELETED, index)->durable = sync_folder;
                disk->trace->exists[index] = false;
        }
        code = disk->real->xDelete(disk->real, path, 0);
        pthread_mutex_unlock(&disk->mutex);
        return code;
}

static int disk_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret_yes) {
        return disk_of(vfs)->real->xAccess(disk_of(vfs)->real, path, flags, ret_yes);
}

static int disk_full_path(sqlite3_vfs *vfs, const char *path, int size, char *ret_path) {
        return disk_of(vfs)->real->xFullPathname(disk_of(vfs)->real, path, size, ret_path);
}

static int disk_randomness(sqlite3_vfs *vfs, int size, char *bytes) {
        return disk_of(vfs)->real->xRandomness(disk_of(vfs)->real, size, bytes);
}

static int disk_sleep(sqlite3_vfs *vfs, int us) {
        return disk_of(vfs)->real->xSleep(disk_of(vfs)->real, us);
}

static int disk_time(sqlite3_vfs *vfs, double *ret_days) {
        return disk_of(vfs)->real->xCurrentTime(disk_of(vfs)->real, ret_days);
}

static int disk_last_error(sqlite3_vfs *vfs, int size, char *text) {
        return disk_of(vfs)->real->xGetLastError(disk_of(vfs)->real, size, text);
}

static int disk_time_ms(sqlite3_vfs *vfs, sqlite3_int64 *ret_ms) {
        return disk_of(vfs)->real->xCurrentTimeInt64(disk_of(vfs)->real, ret_ms);
}

struct disk *disk_new(void) {
        struct disk *disk = must(calloc(1, sizeof(*disk)));

        sqlite3_initialize();
        disk->real = sqlite3_vfs_find(NULL);
        pthread_mutex_init(&disk->mutex, NULL);
        disk->vfs = (sqlite3_vfs){
                .iVersion = 2,
                .szOsFile = (int)sizeof(struct disk_file) + disk->real->szOsFile,
                .mxPathname = disk->real->mxPathname,
                .zName = "disk",
                .pAppData = disk,
                .xOpen = disk_open,
                .xDelete = disk_delete,
                .xAccess = disk_access,
                .xFullPathname = disk_full_path,
                .xRandomness = disk_randomness,
                .xSleep = disk_sleep,
                .xCurrentTime = disk_time,
                .xGetLastError = disk_last_error,
                .xCurrentTimeInt64 = disk_time_ms,
        };
        if (sqlite3_vfs_register(&disk->vfs, 1))
                abort();
        return disk;
}

void disk_free(struct disk *disk) {
        if (!disk)
                return;
        sqlite3_vfs_unregister(&disk->vfs);
        pthread_mutex_destroy(&disk->mutex);
        free(disk);
}

void disk_break(struct disk *disk, const struct disk_fault *fault) {
        pthread_mutex_lock(&disk->mutex);
        disk->fault = *fault;
        disk->n_matching = disk->n_failed = 0;
        pthread_mutex_unlock(&disk->mutex);
}

uint64_t disk_n_failed(struct disk *disk) {
        uint64_t n;

        pthread_mutex_lock(&disk->mutex);
        n = disk->n_failed;
        pthread_mutex_unlock(&disk->mutex);
        return n;
}

void disk_mend(struct disk *disk) {
        pthread_mutex_lock(&disk->mutex);
        disk->fault = (struct disk_fault){0};
        pthread_mutex_unlock(&disk->mutex);
}

/* Memory that connections share does not survive, and the store's own lock is none of SQLite's files. */
static bool is_of_no_account(const char *name) {
        const char *end = strrchr(name, '-');

        return *name == '.' || (end && strcmp(end, "-shm") == 0) || strstr(name, ".lock");
}

static void find(struct disk_trace *trace, int folder, const char *name) {
        uint32_t file = name_index(trace, name);
        struct disk_step *step = add_step(trace, STEP_FOUND, file);
        int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
        struct stat status;

        if (fd < 0 || fstat(fd, &status) < 0)
                abort();
        step->size = (uint64_t)status.st_size;
        step->bytes = must(malloc(step->size + 1));
        if (pread(fd, step->bytes, step->size, 0) != (ssize_t)step->size)
                abort();
        close(fd);
        trace->exists[file] = true;
}

static void find_all(struct disk_trace *trace, const char *folder) {
        DIR *entries = must(opendir(folder));
        struct dirent *entry;

        while ((entry = readdir(entries)))
                if (!is_of_no_account(entry->d_name))
                        find(trace, dirfd(entries), entry->d_name);
        closedir(entries);
}

struct disk_trace *disk_record(struct disk *disk, const char *folder) {
        struct disk_trace *trace = must(calloc(1, sizeof(*trace)));

        pthread_mutex_init(&trace->mutex, NULL);
        find_all(trace, folder);
        trace->n_found = trace->n_steps;
        pthread_mutex_lock(&disk->mutex);
        disk->trace = trace;
        pthread_mutex_unlock(&disk->mutex);
        return trace;
}

void disk_stop(struct disk *disk) {
        pthread_mutex_lock(&disk->mutex);
        disk->trace = NULL;
        pthread_mutex_unlock(&disk->mutex);
}

void disk_trace_free(struct disk_trace *trace) {
        if (!trace)
                return;
        for (size_t i = 0; i < trace->n_steps; i++)
                free(trace->steps[i].bytes);
        free(trace->steps);
        pthread_mutex_destroy(&trace->mutex);
        free(trace);
}

size_t disk_trace_size(struct disk_trace *trace) {
        size_t n;

        pthread_mutex_lock(&trace->mutex);
        n = trace->n_steps;
        pthread_mutex_unlock(&trace->mutex);
        return n;
}

bool disk_trace_is_sync(const struct disk_trace *trace, size_t index) {
        return index < trace->n_steps && trace->steps[index].type == STEP_SYNCED;
}

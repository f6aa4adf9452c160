/* SPDX-License-Identifier: Apache-2.0 */
/* A context that follows its files. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/watch.h"
#include "rpc/tls_context.h"

/* Certificate, key and CAs seldom change alone: they are read when all is quiet. */
#define SOURCE_SETTLE_NS (100 * CLOCK_NS_PER_MS)

struct tls_source {
	SSL_CTX *context;
	struct loop_source *settled; /* timer: read the files */
	struct tls_files files;	     /* texts owned */
	bool requires_certificate;
	void (*reloaded)(void *context, const struct diag *problem);
	void *reloaded_context;
	struct watch **watches; /* one for each file */
	size_t watches_count;
	char *said; /* the last problem that was told; NULL: none since the last success */
};

static void tls_source_tell(struct tls_source *source, struct diag *diag)
{
	if (source->reloaded)
		source->reloaded(source->reloaded_context, diag);
}

static void tls_source_on_settled(void *context)
{
	struct tls_source *source = context;
	_cleanup_diag_ struct diag diag = {};
	SSL_CTX *fresh;
	int error =
		tls_context_new_server(&fresh, &source->files, source->requires_certificate, &diag);

	if (!error) {
		SSL_CTX_free(source->context);
		source->context = fresh;
		free(TAKE_PTR(source->said));
		tls_source_tell(source, &diag);
		return;
	}
	if (!diag.lines)
		diag_add(&diag, "cannot read the certificates anew: no memory");
	if (source->said && strcmp(source->said, buf_text(&diag.text)) == 0)
		return;
	free(source->said);
	source->said = strdup(buf_text(&diag.text));
	tls_source_tell(source, &diag);
}

static void tls_source_on_change(void *context)
{
	struct tls_source *source = context;

	loop_set_timer(source->settled, SOURCE_SETTLE_NS, 0);
}

static int tls_source_copy(struct tls_source *source, const struct rpc_tls_options *options)
{
	const char **files = calloc(options->ca_files_count + 1, sizeof(*files));

	source->files.ca_files = files;
	if (!files)
		return -ENOMEM;
	for (size_t i = 0; i < options->ca_files_count; i++) {
		files[i] = strdup(options->ca_files[i]);
		if (!files[i])
			return -ENOMEM;
		source->files.ca_files_count++;
	}
	source->files.cert_file = strdup(options->cert_file);
	source->files.key_file = strdup(options->key_file);
	source->requires_certificate = options->requires_certificate;
	source->reloaded = options->reloaded;
	source->reloaded_context = options->context;
	return source->files.cert_file && source->files.key_file ? 0 : -ENOMEM;
}

static int tls_source_watch(struct tls_source *source, struct loop *loop, const char *path,
			    struct diag *diag)
{
	int error = watch_new(&source->watches[source->watches_count], loop, path,
			      tls_source_on_change, source);

	source->watches_count += !error;
	if (error)
		diag_add(diag, "cannot watch file \"%s\": %s", path, strerror(-error));
	return error;
}

static int tls_source_watch_all(struct tls_source *source, struct loop *loop, struct diag *diag)
{
	int error;

	source->watches = calloc(source->files.ca_files_count + 2, sizeof(struct watch *));
	if (!source->watches)
		return -ENOMEM;
	error = loop_add_timer(loop, tls_source_on_settled, source, &source->settled);
	if (!error)
		error = tls_source_watch(source, loop, source->files.cert_file, diag);
	if (!error)
		error = tls_source_watch(source, loop, source->files.key_file, diag);
	for (size_t i = 0; !error && i < source->files.ca_files_count; i++)
		error = tls_source_watch(source, loop, source->files.ca_files[i], diag);
	return error;
}

static void cleanup_source(struct tls_source **source)
{
	tls_source_free(*source);
}

int tls_source_new(struct tls_source **out, struct loop *loop,
		   const struct rpc_tls_options *options, struct diag *diag)
{
	_cleanup_(cleanup_source) struct tls_source *source = calloc(1, sizeof(*source));
	int error = source ? tls_source_copy(source, options) : -ENOMEM;

	/* Watched before they are read: no change falls between the two. */
	if (!error)
		error = tls_source_watch_all(source, loop, diag);
	if (!error)
		error = tls_context_new_server(&source->context, &source->files,
					       source->requires_certificate, diag);
	if (error)
		return error;
	*out = TAKE_PTR(source);
	return 0;
}

void tls_source_free(struct tls_source *source)
{
	if (!source)
		return;
	for (size_t i = 0; i < source->watches_count; i++)
		watch_free(source->watches[i]);
	free(source->watches);
	loop_remove(source->settled);
	for (size_t i = 0; i < source->files.ca_files_count; i++)
		free((char *)source->files.ca_files[i]);
	free((void *)source->files.ca_files);
	free((char *)source->files.cert_file);
	free((char *)source->files.key_file);
	free(source->said);
	SSL_CTX_free(source->context);
	free(source);
}

SSL_CTX *tls_source_get(const struct tls_source *source)
{
	return source->context;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fail_in_exec FILE: writes FILE as a program whose only segment cannot be mapped and runs it in a
 * child. The kernel notices after the old image is gone, so execve cannot return and the child is
 * killed. Prints child=PID.
 */
#include <elf.h>
#include <fcntl.h>
#include <string.h>

#include "actor.h"

struct bad_program {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
};

static void write_program(const char *path)
{
	struct bad_program program = {
		.header = { .e_type = ET_EXEC,
			    .e_machine = EM_X86_64,
			    .e_version = EV_CURRENT,
			    .e_entry = 0x1000,
			    .e_phoff = sizeof(Elf64_Ehdr),
			    .e_ehsize = sizeof(Elf64_Ehdr),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 1 },
		/* Above the end of user addresses. */
		.segment = { .p_type = PT_LOAD,
			     .p_flags = PF_R | PF_X,
			     .p_vaddr = 0xffff800000000000,
			     .p_filesz = sizeof(struct bad_program),
			     .p_memsz = sizeof(struct bad_program),
			     .p_align = 0x1000 },
	};
	memcpy(program.header.e_ident, ELFMAG, SELFMAG);
	program.header.e_ident[EI_CLASS] = ELFCLASS64;
	program.header.e_ident[EI_DATA] = ELFDATA2LSB;
	program.header.e_ident[EI_VERSION] = EV_CURRENT;

	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	if (fd < 0 || write(fd, &program, sizeof(program)) != (ssize_t)sizeof(program))
		actor_die(path);
	close(fd);
}

int main(int argc, char **argv)
{
	actor_need(argc, 1, "fail_in_exec FILE");
	write_program(argv[1]);
	pid_t child = fork();
	if (child < 0)
		actor_die("fork");
	if (child == 0) {
		execl(argv[1], argv[1], NULL);
		actor_die(argv[1]);
	}
	printf("child=%d\n", (int)child);
	return actor_wait(child);
}

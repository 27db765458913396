/*
 * Targets that a check of their build has to name.  One of
 *
 *	-DODD_EXIT	ends before it fuzzes
 *	-DODD_HANG	never comes to fuzzing
 *	-DODD_ILL	an instruction that no processor knows
 *	-DODD_TRAP	what compilers put where nobody should come by
 *	-DODD_LIBRARY	calls odd_start_of() of a library
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int odd_start_of(int n);

#ifdef ODD_ILL
static void
unknown_instruction(void)
{
#ifdef __x86_64__
	/* A reserved opcode in the space of AVX-512. */
	__asm__ volatile(".byte 0x62, 0xf2, 0xfd, 0x48, 0xff, 0xff, 0xff");
#else
	__asm__ volatile(".word 0x02000000");
#endif
}
#endif

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
#ifdef ODD_EXIT
	fprintf(stderr, "no configuration, good-bye\n");
	exit(3);
#endif
#ifdef ODD_HANG
	for (;;)
		pause();
#endif
#ifdef ODD_ILL
	unknown_instruction();
#endif
#ifdef ODD_TRAP
	__builtin_trap();
#endif
	return 0;
}

static volatile int touched;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		touched = data[0];
#ifdef ODD_LIBRARY
	touched = odd_start_of(touched);
#endif
	return 0;
}

/*
 * repro.sh, as it goes into each kit: the file beside this one, byte for byte,
 * so that it can be read, checked and tested as the script it is.
 */
#include "tools/pfadm/kit.h"

__asm__(".section .rodata\n"
	".global kit_script_text\n"
	"kit_script_text:\n"
	".incbin \"tools/pfadm/kit_repro.sh\"\n"
	".byte 0\n"
	".previous\n");

extern const char kit_script_text[];

const char *
kit_script(void)
{
	return kit_script_text;
}

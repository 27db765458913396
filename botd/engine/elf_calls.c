/*
 * A program's file as bytes of a stranger's.  Symbols give the addresses of
 * the run-time's functions, relocations the slots through which they are
 * called when it is a library, and the code of x86-64 and aarch64 is searched
 * for calls to both.  No disassembly: four bytes that lead from a call's
 * opcode to one of a hundred addresses are such a call.
 *
 * What is read in all is bounded, for sections may lie over each other as often
 * as their table is long.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "botd/engine/elf_calls.h"
#include "lib/base/buf.h"
#include "lib/base/elf.h"
#include "lib/base/text.h"

#define READ_TIMES 8 /* the file's length: most that is read in all */

struct image {
	struct elf elf;
	uint64_t left; /* that may still be read */
};

struct addresses {
	uint64_t *list;
	size_t count, room;
};

struct counting {
	struct image *m;
	char plain[16], inner[24], inner_const[24]; /* starts of names */
	struct addresses functions, slots;
	bool has_symbols; /* of the kind that strip(1) takes away */
	uint64_t calls;
};

/* ---- reading --------------------------------------------------------- */

static bool
spend(struct image *m, uint64_t n)
{
	if (n > m->left)
		return false;
	m->left -= n;
	return true;
}

static bool
get_section(const struct image *m, uint64_t i, Elf64_Shdr *s)
{
	return i < m->elf.len / sizeof(*s) &&
	    m->elf.head.e_shoff <= m->elf.len &&
	    elf_get(
		&m->elf, m->elf.head.e_shoff + i * sizeof(*s), s, sizeof(*s));
}

static uint64_t
section_count(const struct image *m)
{
	Elf64_Shdr first;

	if (m->elf.head.e_shoff == 0 ||
	    m->elf.head.e_shentsize != sizeof(first))
		return 0;
	/* More than fit in 16 bits: the first one's size says how many. */
	if (m->elf.head.e_shnum == 0 && get_section(m, 0, &first))
		return first.sh_size;
	return m->elf.head.e_shnum;
}

/* ---- sets of addresses ----------------------------------------------- */

static void
add(struct addresses *a, uint64_t address)
{
	if (a->count == a->room) {
		a->room = a->room == 0 ? 256 : 2 * a->room;
		a->list = mem_resize(a->list, a->room, sizeof(a->list[0]));
	}
	a->list[a->count++] = address;
}

static int
by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
sort(struct addresses *a)
{
	if (a->count > 1)
		qsort(a->list, a->count, sizeof(a->list[0]), by_value);
}

static bool
is_in(const struct addresses *a, uint64_t address)
{
	if (a->count == 0 || address < a->list[0] ||
	    address > a->list[a->count - 1])
		return false;
	return bsearch(&address, a->list, a->count, sizeof(a->list[0]),
		   by_value) != NULL;
}

/* ---- names ----------------------------------------------------------- */

static bool
starts(const struct image *m, uint64_t offset, const char *with)
{
	const unsigned char *p = elf_at(&m->elf, offset, strlen(with));

	return p != NULL && memcmp(p, with, strlen(with)) == 0;
}

/* "__asan_report_load8", and what is in C++'s namespace __asan. */
static bool
is_ours(const struct counting *c, const Elf64_Shdr *strings, uint32_t name)
{
	uint64_t offset = strings->sh_offset + name;

	return name < strings->sh_size && offset >= strings->sh_offset &&
	    (starts(c->m, offset, c->plain) || starts(c->m, offset, c->inner) ||
		starts(c->m, offset, c->inner_const));
}

static void
add_symbols(struct counting *c, const Elf64_Shdr *s)
{
	Elf64_Shdr strings;
	Elf64_Sym symbol;
	uint64_t offset;

	if (s->sh_entsize != sizeof(symbol) ||
	    !get_section(c->m, s->sh_link, &strings) ||
	    !spend(c->m, s->sh_size))
		return;
	c->has_symbols |= s->sh_type == SHT_SYMTAB;
	for (offset = 0; s->sh_size - offset >= sizeof(symbol);
	     offset += sizeof(symbol)) {
		if (s->sh_offset > c->m->elf.len ||
		    !elf_get(&c->m->elf, s->sh_offset + offset, &symbol,
			sizeof(symbol)))
			return;
		if (symbol.st_shndx != SHN_UNDEF &&
		    ELF64_ST_TYPE(symbol.st_info) == STT_FUNC &&
		    is_ours(c, &strings, symbol.st_name))
			add(&c->functions, symbol.st_value);
	}
}

/* Slots that the loader fills with the address of a function of ours. */
static void
add_slots(struct counting *c, const Elf64_Shdr *s)
{
	Elf64_Shdr symbols, strings;
	Elf64_Rela rela;
	Elf64_Sym symbol;
	uint64_t offset;

	if (s->sh_entsize != sizeof(rela) ||
	    !get_section(c->m, s->sh_link, &symbols) ||
	    symbols.sh_type != SHT_DYNSYM ||
	    !get_section(c->m, symbols.sh_link, &strings) ||
	    symbols.sh_offset > c->m->elf.len || s->sh_offset > c->m->elf.len ||
	    !spend(c->m, s->sh_size))
		return;
	for (offset = 0; s->sh_size - offset >= sizeof(rela);
	     offset += sizeof(rela)) {
		if (!elf_get(
			&c->m->elf, s->sh_offset + offset, &rela, sizeof(rela)))
			return;
		if (ELF64_R_SYM(rela.r_info) != 0 &&
		    elf_get(&c->m->elf,
			symbols.sh_offset +
			    ELF64_R_SYM(rela.r_info) * sizeof(symbol),
			&symbol, sizeof(symbol)) &&
		    is_ours(c, &strings, symbol.st_name))
			add(&c->slots, rela.r_offset);
	}
}

/* ---- code ------------------------------------------------------------ */

static uint64_t
le32(const unsigned char *p)
{
	return p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	    (uint64_t)p[3] << 24;
}

static uint64_t
signed_by(uint64_t n, unsigned bits)
{
	uint64_t sign = UINT64_C(1) << (bits - 1);

	return (n ^ sign) - sign;
}

/* jmp *slot(%rip), in a stub that may begin with endbr64 and bnd. */
static void
x86_stubs(struct counting *c, const unsigned char *p, const Elf64_Shdr *s)
{
	static const unsigned char endbr[] = {0xf3, 0x0f, 0x1e, 0xfa};
	uint64_t i, start;

	for (i = 0; i + 6 <= s->sh_size; i++) {
		if (p[i] != 0xff || p[i + 1] != 0x25 ||
		    !is_in(&c->slots,
			s->sh_addr + i + 6 + signed_by(le32(p + i + 2), 32)))
			continue;
		start = i;
		if (start >= 1 && p[start - 1] == 0xf2)
			start--;
		if (start >= 4 && memcmp(p + start - 4, endbr, 4) == 0)
			start -= 4;
		add(&c->functions, s->sh_addr + start);
	}
}

/* call function; call *slot(%rip). */
static void
x86_calls(struct counting *c, const unsigned char *p, const Elf64_Shdr *s)
{
	uint64_t i;

	for (i = 0; i + 5 <= s->sh_size; i++)
		if (p[i] == 0xe8)
			c->calls += is_in(&c->functions,
			    s->sh_addr + i + 5 +
				signed_by(le32(p + i + 1), 32));
		else if (p[i] == 0xff && p[i + 1] == 0x15 &&
		    i + 6 <= s->sh_size)
			c->calls += is_in(&c->slots,
			    s->sh_addr + i + 6 +
				signed_by(le32(p + i + 2), 32));
}

/* adrp x16, page; ldr x17, [x16, #offset]: perhaps after bti c. */
static void
arm_stubs(struct counting *c, const unsigned char *p, const Elf64_Shdr *s)
{
	uint64_t i, page, adrp, ldr;

	for (i = 0; i + 8 <= s->sh_size; i += 4) {
		adrp = le32(p + i);
		ldr = le32(p + i + 4);
		if ((adrp & 0x9f00001f) != 0x90000010 ||
		    (ldr & 0xffc003ff) != 0xf9400211)
			continue;
		page = ((s->sh_addr + i) & ~UINT64_C(0xfff)) +
		    (signed_by((adrp >> 29 & 3) | (adrp >> 3 & 0x1ffffc), 21)
			<< 12);
		if (!is_in(&c->slots, page + (ldr >> 10 & 0xfff) * 8))
			continue;
		add(&c->functions, s->sh_addr + i);
		if (i >= 4 && le32(p + i - 4) == 0xd503245f)
			add(&c->functions, s->sh_addr + i - 4);
	}
}

/* bl function */
static void
arm_calls(struct counting *c, const unsigned char *p, const Elf64_Shdr *s)
{
	uint64_t i, bl;

	for (i = 0; i + 4 <= s->sh_size; i += 4) {
		bl = le32(p + i);
		if ((bl & 0xfc000000) == 0x94000000)
			c->calls += is_in(&c->functions,
			    s->sh_addr + i +
				(signed_by(bl & 0x3ffffff, 26) << 2));
	}
}

typedef void code_fn(
    struct counting *c, const unsigned char *p, const Elf64_Shdr *s);

static void
each_code(struct counting *c, code_fn *fn)
{
	uint64_t i, n = section_count(c->m);
	const unsigned char *p;
	Elf64_Shdr s;

	for (i = 0; i < n && get_section(c->m, i, &s); i++) {
		if (s.sh_type != SHT_PROGBITS ||
		    (s.sh_flags & SHF_EXECINSTR) == 0)
			continue;
		p = elf_at(&c->m->elf, s.sh_offset, s.sh_size);
		if (p != NULL && spend(c->m, s.sh_size))
			fn(c, p, &s);
	}
}

/* ---- in order -------------------------------------------------------- */

static void
collect_names(struct counting *c)
{
	uint64_t i, n = section_count(c->m);
	Elf64_Shdr s;

	for (i = 0; i < n && get_section(c->m, i, &s); i++)
		if (s.sh_type == SHT_SYMTAB || s.sh_type == SHT_DYNSYM)
			add_symbols(c, &s);
		else if (s.sh_type == SHT_RELA)
			add_slots(c, &s);
	sort(&c->functions);
	sort(&c->slots);
}

static void
because(struct elf_facts *f, const char *why_not)
{
	text_copy(f->why_not, sizeof(f->why_not), why_not);
}

static void
count(struct elf_facts *f, struct image *m, const char *runtime)
{
	bool x86 = m->elf.head.e_machine == EM_X86_64;
	struct counting c = {.m = m};

	snprintf(c.plain, sizeof(c.plain), "__%.8s", runtime);
	snprintf(
	    c.inner, sizeof(c.inner), "_ZN%zu%s", strlen(c.plain), c.plain);
	snprintf(c.inner_const, sizeof(c.inner_const), "_ZNK%zu%s",
	    strlen(c.plain), c.plain);
	collect_names(&c);
	f->whole = c.has_symbols && c.functions.count > 0;
	f->counted = c.has_symbols || c.functions.count + c.slots.count > 0;
	because(f, f->counted ? "" : "stripped");
	if (c.functions.count + c.slots.count > 0) {
		each_code(&c, x86 ? x86_stubs : arm_stubs);
		sort(&c.functions);
		each_code(&c, x86 ? x86_calls : arm_calls);
	}
	f->calls = c.calls;
	free(c.functions.list);
	free(c.slots.list);
}

static void
name_machine(struct elf_facts *f, unsigned machine)
{
	static const struct {
		unsigned machine;
		const char *name;
	} names[] = {{EM_X86_64, "x86_64"}, {EM_AARCH64, "aarch64"},
	    {EM_386, "i386"}, {EM_ARM, "arm"}, {EM_RISCV, "riscv64"},
	    {EM_PPC64, "ppc64le"}, {EM_S390, "s390x"}};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].machine == machine) {
			text_copy(
			    f->machine, sizeof(f->machine), names[i].name);
			return;
		}
	snprintf(
	    f->machine, sizeof(f->machine), "machine-%u", machine & 0xffff);
}

static void
find_loader(struct elf_facts *f, const struct image *m)
{
	const unsigned char *text;
	Elf64_Phdr p;
	unsigned i;

	for (i = 0; elf_segment(&m->elf, i, &p); i++) {
		if (p.p_type != PT_INTERP)
			continue;
		text = elf_at(&m->elf, p.p_offset, p.p_filesz);
		if (text != NULL && memchr(text, '\0', p.p_filesz) != NULL)
			(void)text_copy(
			    f->loader, sizeof(f->loader), (const char *)text);
		return;
	}
}

void
elf_calls(
    struct elf_facts *f, const void *bytes, size_t len, const char *runtime)
{
	const unsigned char *head = bytes;
	struct image m;

	*f = (struct elf_facts){.why_not = "it is no ELF program"};
	m.left = (uint64_t)len * READ_TIMES;
	if (len < EI_NIDENT + 4 || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		return;
	f->is_elf = true;
	/* It stands at the same place in all four kinds of file. */
	if (head[EI_DATA] == ELFDATA2MSB)
		name_machine(f, head[18] * 256u + head[19]);
	else
		name_machine(f, head[18] + head[19] * 256u);
	because(f, "it is not for x86-64 or aarch64");
	if (!elf_open(&m.elf, bytes, len))
		return;
	find_loader(f, &m);
	if (m.elf.head.e_machine != EM_X86_64 &&
	    m.elf.head.e_machine != EM_AARCH64)
		return;
	because(f, "it is of no sanitizer whose calls are known");
	if (runtime != NULL)
		count(f, &m, runtime);
}

/* SPDX-License-Identifier: MIT */
/* Reads CIEs and FDEs, see fde.h.  Freestanding; does not read the CFA programs. */
#include "unwind/fde.h"

#include "unwind/unwind.h"

#define AUGMENTATION_MAX 8

const char *record_read(const struct section *section, const uint8_t *at, struct reader *ret,
			uint32_t *ret_id)
{
	struct reader all = { .at = at, .end = section->high, .delta = section->delta };
	uint64_t length = reader_unsigned(&all, 4);
	struct reader record;

	if (length >= 0xfffffff0)
		return "a record of the 64-bit format";
	record = reader_block(&all, length);
	if (record.bad || length < 4)
		return "a record leaves the section";
	*ret_id = (uint32_t)reader_unsigned(&record, 4);
	*ret = record;
	return NULL;
}

/* The letters after 'z'; their data is `data`, which they may not leave. */
static const char *read_augmentation(const uint8_t *letters, struct reader *data, struct cie *cie)
{
	for (unsigned int i = 1; letters[i]; i++) {
		uint8_t encoding;

		switch (letters[i]) {
		case 'R':
			cie->fde_encoding = reader_byte(data);
			break;
		case 'L':
			cie->lsda_encoding = reader_byte(data);
			break;
		case 'P': /* a name, never called: only its size matters */
			encoding = reader_byte(data);
			(void)reader_pointer(data, encoding & (uint8_t)~DW_EH_PE_indirect);
			break;
		case 'S':
			cie->signal_frame = true;
			break;
		default:
			return "unknown augmentation";
		}
	}
	return data->bad ? "augmentation data is too short or badly encoded" : NULL;
}

static bool is_usable(uint8_t encoding)
{
	uint8_t base = encoding & DW_EH_PE_BASE;

	return !(encoding & DW_EH_PE_indirect) && (base == 0 || base == DW_EH_PE_pcrel);
}

static const char *read_augmentations(const uint8_t *letters, struct reader *record,
				      struct cie *cie)
{
	struct reader data;
	const char *why;

	if (letters[0] == 0)
		return NULL;
	if (letters[0] != 'z')
		return "unknown augmentation";
	cie->augmented = true;
	data = reader_block(record, reader_uleb(record));
	if (data.bad)
		return "augmentation data leaves the CIE";
	why = read_augmentation(letters, &data, cie);
	if (why)
		return why;
	if (!is_usable(cie->fde_encoding))
		return "unknown encoding of code addresses";
	if (cie->lsda_encoding != DW_EH_PE_omit && !is_usable(cie->lsda_encoding))
		return "unknown encoding of LSDA addresses";
	return NULL;
}

const char *cie_read(const struct section *section, const uint8_t *at, struct cie *ret)
{
	struct cie cie = { .fde_encoding = DW_EH_PE_absptr, .lsda_encoding = DW_EH_PE_omit };
	struct reader record;
	const uint8_t *letters;
	const char *why;
	uint64_t ra;
	uint32_t id;
	uint8_t version;

	why = record_read(section, at, &record, &id);
	if (why)
		return why;
	if (id != 0)
		return "not a CIE";
	version = reader_byte(&record);
	if (version != 1 && version != 3)
		return "unknown version of a CIE";
	letters = record.at;
	for (unsigned int n = 0; reader_byte(&record) != 0; n++) {
		if (n == AUGMENTATION_MAX)
			return "augmentation is too long";
	}
	cie.code_align = reader_uleb(&record);
	cie.data_align = reader_sleb(&record);
	ra = version == 1 ? reader_byte(&record) : reader_uleb(&record);
	if (record.bad)
		return "a CIE is too short";
	if (ra != UNWIND_RIP)
		return "return address is not register 16";
	why = read_augmentations(letters, &record, &cie);
	if (why)
		return why;
	cie.program = record;
	*ret = cie;
	return NULL;
}

/* The CIE that the pointer before record->at leads back to. */
static const uint8_t *cie_of(const struct section *section, const struct reader *record,
			     uint32_t id)
{
	uintptr_t field = (uintptr_t)record->at - 4;

	if (id > field - (uintptr_t)section->low)
		return NULL;
	return record->at - 4 - id;
}

static const char *know_cie(const struct section *section, const uint8_t *at,
			    struct known_cie *known)
{
	const char *why;

	if (known->at == at)
		return NULL;
	known->at = NULL;
	why = cie_read(section, at, &known->cie);
	if (!why)
		known->at = at;
	return why;
}

const char *fde_of_record(const struct section *section, struct reader record, uint32_t id,
			  struct known_cie *known, struct fde *ret)
{
	struct fde fde = { 0 };
	struct reader data;
	const uint8_t *cie;
	const char *why;
	uint64_t end;

	cie = cie_of(section, &record, id);
	if (id == 0 || !cie)
		return "an FDE without a CIE in the section";
	why = know_cie(section, cie, known);
	if (why)
		return why;
	fde.cie = &known->cie;
	fde.start = reader_pointer(&record, fde.cie->fde_encoding);
	fde.size = reader_value(&record, fde.cie->fde_encoding);
	if (fde.cie->augmented) {
		data = reader_block(&record, reader_uleb(&record));
		if (fde.cie->lsda_encoding != DW_EH_PE_omit)
			fde.lsda = reader_pointer(&data, fde.cie->lsda_encoding);
		record.bad = record.bad || data.bad;
	}
	if (record.bad)
		return "an FDE is too short or badly encoded";
	if (__builtin_add_overflow(fde.start, fde.size, &end))
		return "the code of an FDE wraps around";
	fde.program = record;
	*ret = fde;
	return NULL;
}

/* A word of the file, read as DW_EH_PE_sdata4 is. */
static inline uint64_t read_word(const uint8_t *at)
{
	int32_t word;

	__builtin_memcpy(&word, at, sizeof(word));
	return (uint64_t)(int64_t)word;
}

/* DW_EH_PE_pcrel, of which 0 is no address. */
static inline uint64_t read_relative(const struct section *section, const uint8_t *at)
{
	uint64_t value = read_word(at);

	return value ? value + (uintptr_t)at + section->delta : 0;
}

#define USUAL_ENCODING (DW_EH_PE_pcrel | DW_EH_PE_sdata4)
#define USUAL_SIZE 17 /* length, CIE, start, size, and the size of what is added */

bool fde_read_usual(const struct section *section, const uint8_t *at, const struct known_cie *known,
		    struct fde *ret)
{
	size_t left = (size_t)(section->high - at);
	const struct cie *cie = &known->cie;
	uint64_t start, size, end;
	uint32_t length, id;
	uint8_t added;

	if (!known->at || cie->fde_encoding != USUAL_ENCODING || !cie->augmented ||
	    (cie->lsda_encoding != DW_EH_PE_omit && cie->lsda_encoding != USUAL_ENCODING) ||
	    left < USUAL_SIZE)
		return false;
	__builtin_memcpy(&length, at, sizeof(length));
	__builtin_memcpy(&id, at + 4, sizeof(id));
	added = at[USUAL_SIZE - 1];
	if (length > left - 4 || length < USUAL_SIZE - 4ul + added || id == 0 ||
	    (uintptr_t)at + 4 - id != (uintptr_t)known->at || added >= 0x80 ||
	    (cie->lsda_encoding != DW_EH_PE_omit && added < 4))
		return false;
	start = read_relative(section, at + 8);
	size = read_word(at + 12);
	if (__builtin_add_overflow(start, size, &end))
		return false;
	ret->cie = cie;
	ret->start = start;
	ret->size = size;
	ret->lsda =
		cie->lsda_encoding == DW_EH_PE_omit ? 0 : read_relative(section, at + USUAL_SIZE);
	ret->program = (struct reader){
		.at = at + USUAL_SIZE + added,
		.end = at + 4 + length,
		.delta = section->delta,
	};
	return true;
}

const char *fde_read(const struct section *section, const uint8_t *at, struct known_cie *known,
		     struct fde *ret)
{
	struct reader record;
	uint32_t id;
	const char *why = record_read(section, at, &record, &id);

	return why ? why : fde_of_record(section, record, id, known, ret);
}

const char *fde_of_entry(uint64_t fde, struct known_cie *known, struct fde *ret)
{
	static const struct section everything = { .low = NULL, .high = (uint8_t *)UINTPTR_MAX };

	known->at = NULL;
	return fde_read(&everything, (const uint8_t *)(uintptr_t)fde, known, ret);
}

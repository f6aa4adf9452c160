/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of characters of regular expressions. In: RE2's classes ([...], \d, \pN, [:alpha:]). Out:
 * PCRE2's.
 *
 * All is written out as ranges, because the same letters mean other sets in PCRE2 (\s has a
 * vertical tab there, \p{Greek} means script extensions). A negated set in a class cannot be
 * written as ranges when case is folded (folding comes first), so it becomes an alternative of its
 * own.
 */
#include "base/regex_private.h"

#include <errno.h>
#include <stdio.h>

#define ANY_POINT "\\x{0}-\\x{10ffff}"

enum { POINT_MAX = 0x10ffff, SURROGATE_MIN = 0xd800, SURROGATE_MAX = 0xdfff };

struct named_set {
	const char *name, *ranges;
};

#define DIGITS "0-9"
#define WORD   "0-9A-Za-z_"
#define SPACE  "\\t\\n\\f\\r\\x20"

static const struct named_set perl_sets[] = { { "d", DIGITS }, { "s", SPACE }, { "w", WORD } };

static const struct named_set posix_sets[] = {
	{ "alnum", "0-9A-Za-z" },
	{ "alpha", "A-Za-z" },
	{ "ascii", "\\x{0}-\\x{7f}" },
	{ "blank", "\\t\\x20" },
	{ "cntrl", "\\x{0}-\\x{1f}\\x{7f}" },
	{ "digit", DIGITS },
	{ "graph", "\\x{21}-\\x{7e}" },
	{ "lower", "a-z" },
	{ "print", "\\x{20}-\\x{7e}" },
	{ "punct", "\\x{21}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{60}\\x{7b}-\\x{7e}" },
	{ "space", "\\t-\\r\\x20" },
	{ "upper", "A-Z" },
	{ "word", WORD },
	{ "xdigit", "0-9A-Fa-f" },
};

/* Go's: C lacks Cn, which PCRE2 counts in. */
static const struct named_set categories[] = {
	{ "Any", ANY_POINT }, { "C", "\\p{Cc}\\p{Cf}\\p{Co}" },
	{ "Cc", "\\p{Cc}" },  { "Cf", "\\p{Cf}" },
	{ "Co", "\\p{Co}" },  { "Cs", "" }, /* surrogates: no character of UTF-8 */
	{ "L", "\\p{L}" },    { "Ll", "\\p{Ll}" },
	{ "Lm", "\\p{Lm}" },  { "Lo", "\\p{Lo}" },
	{ "Lt", "\\p{Lt}" },  { "Lu", "\\p{Lu}" },
	{ "M", "\\p{M}" },    { "Mc", "\\p{Mc}" },
	{ "Me", "\\p{Me}" },  { "Mn", "\\p{Mn}" },
	{ "N", "\\p{N}" },    { "Nd", "\\p{Nd}" },
	{ "Nl", "\\p{Nl}" },  { "No", "\\p{No}" },
	{ "P", "\\p{P}" },    { "Pc", "\\p{Pc}" },
	{ "Pd", "\\p{Pd}" },  { "Pe", "\\p{Pe}" },
	{ "Pf", "\\p{Pf}" },  { "Pi", "\\p{Pi}" },
	{ "Po", "\\p{Po}" },  { "Ps", "\\p{Ps}" },
	{ "S", "\\p{S}" },    { "Sc", "\\p{Sc}" },
	{ "Sk", "\\p{Sk}" },  { "Sm", "\\p{Sm}" },
	{ "So", "\\p{So}" },  { "Z", "\\p{Z}" },
	{ "Zl", "\\p{Zl}" },  { "Zp", "\\p{Zp}" },
	{ "Zs", "\\p{Zs}" },
};

/* Unicode 14, which PCRE2 10.40 has at least. */
static const char *const scripts[] = {
	"Adlam",
	"Ahom",
	"Anatolian_Hieroglyphs",
	"Arabic",
	"Armenian",
	"Avestan",
	"Balinese",
	"Bamum",
	"Bassa_Vah",
	"Batak",
	"Bengali",
	"Bhaiksuki",
	"Bopomofo",
	"Brahmi",
	"Braille",
	"Buginese",
	"Buhid",
	"Canadian_Aboriginal",
	"Carian",
	"Caucasian_Albanian",
	"Chakma",
	"Cham",
	"Cherokee",
	"Chorasmian",
	"Common",
	"Coptic",
	"Cuneiform",
	"Cypriot",
	"Cypro_Minoan",
	"Cyrillic",
	"Deseret",
	"Devanagari",
	"Dives_Akuru",
	"Dogra",
	"Duployan",
	"Egyptian_Hieroglyphs",
	"Elbasan",
	"Elymaic",
	"Ethiopic",
	"Georgian",
	"Glagolitic",
	"Gothic",
	"Grantha",
	"Greek",
	"Gujarati",
	"Gunjala_Gondi",
	"Gurmukhi",
	"Han",
	"Hangul",
	"Hanifi_Rohingya",
	"Hanunoo",
	"Hatran",
	"Hebrew",
	"Hiragana",
	"Imperial_Aramaic",
	"Inherited",
	"Inscriptional_Pahlavi",
	"Inscriptional_Parthian",
	"Javanese",
	"Kaithi",
	"Kannada",
	"Katakana",
	"Kayah_Li",
	"Kharoshthi",
	"Khitan_Small_Script",
	"Khmer",
	"Khojki",
	"Khudawadi",
	"Lao",
	"Latin",
	"Lepcha",
	"Limbu",
	"Linear_A",
	"Linear_B",
	"Lisu",
	"Lycian",
	"Lydian",
	"Mahajani",
	"Makasar",
	"Malayalam",
	"Mandaic",
	"Manichaean",
	"Marchen",
	"Masaram_Gondi",
	"Medefaidrin",
	"Meetei_Mayek",
	"Mende_Kikakui",
	"Meroitic_Cursive",
	"Meroitic_Hieroglyphs",
	"Miao",
	"Modi",
	"Mongolian",
	"Mro",
	"Multani",
	"Myanmar",
	"Nabataean",
	"Nandinagari",
	"New_Tai_Lue",
	"Newa",
	"Nko",
	"Nushu",
	"Nyiakeng_Puachue_Hmong",
	"Ogham",
	"Ol_Chiki",
	"Old_Hungarian",
	"Old_Italic",
	"Old_North_Arabian",
	"Old_Permic",
	"Old_Persian",
	"Old_Sogdian",
	"Old_South_Arabian",
	"Old_Turkic",
	"Old_Uyghur",
	"Oriya",
	"Osage",
	"Osmanya",
	"Pahawh_Hmong",
	"Palmyrene",
	"Pau_Cin_Hau",
	"Phags_Pa",
	"Phoenician",
	"Psalter_Pahlavi",
	"Rejang",
	"Runic",
	"Samaritan",
	"Saurashtra",
	"Sharada",
	"Shavian",
	"Siddham",
	"SignWriting",
	"Sinhala",
	"Sogdian",
	"Sora_Sompeng",
	"Soyombo",
	"Sundanese",
	"Syloti_Nagri",
	"Syriac",
	"Tagalog",
	"Tagbanwa",
	"Tai_Le",
	"Tai_Tham",
	"Tai_Viet",
	"Takri",
	"Tamil",
	"Tangsa",
	"Tangut",
	"Telugu",
	"Thaana",
	"Thai",
	"Tibetan",
	"Tifinagh",
	"Tirhuta",
	"Toto",
	"Ugaritic",
	"Vai",
	"Vithkuqi",
	"Wancho",
	"Warang_Citi",
	"Yezidi",
	"Yi",
	"Zanabazar_Square",
};

/* A class that is being read: what it has by itself, and complements of sets. */
struct class
{
	struct buf ranges;
	struct buf outside[8];
	unsigned int outside_count;
};

static void class_done(struct class *class)
{
	buf_done(&class->ranges);
	for (unsigned int i = 0; i < class->outside_count; i++)
		buf_done(&class->outside[i]);
}

static bool span_is(struct span span, const char *text)
{
	return strlen(text) == span.bytes && !memcmp(text, span.data, span.bytes);
}

static const struct named_set *find_set(const struct named_set *sets, size_t count,
					struct span name)
{
	for (size_t i = 0; i < count; i++) {
		if (span_is(name, sets[i].name))
			return &sets[i];
	}
	return NULL;
}

#define FIND_SET(sets, name) find_set(sets, sizeof(sets) / sizeof((sets)[0]), name)

/* PLACE: where the set stands in the pattern. */
static int class_add_set(struct regex_translator *self, struct class *class, const char *place,
			 const char *ranges, bool is_negated)
{
	struct buf *outside = NULL;

	for (unsigned int i = 0; is_negated && !outside && i < class->outside_count; i++) {
		if (span_is(span_of(ranges), buf_text(&class->outside[i])))
			return 0;
	}
	if (!is_negated) {
		buf_add_text(&class->ranges, ranges);
		return 0;
	}
	if (class->outside_count == sizeof(class->outside) / sizeof(class->outside[0]))
		return regex_fail(self, place, "a class may have at most %zu negated sets",
				  sizeof(class->outside) / sizeof(class->outside[0]));
	buf_add_text(&class->outside[class->outside_count++], ranges);
	return 0;
}

/* Surrogates are no characters of UTF-8, and PCRE2 refuses their numbers. */
static void class_add_range(struct class *class, uint32_t low, uint32_t high)
{
	if (low >= SURROGATE_MIN && low <= SURROGATE_MAX)
		low = SURROGATE_MAX + 1;
	if (high >= SURROGATE_MIN && high <= SURROGATE_MAX)
		high = SURROGATE_MIN - 1;
	if (low > high)
		return;
	buf_add_format(&class->ranges, "\\x{%x}", low);
	if (low != high)
		buf_add_format(&class->ranges, "-\\x{%x}", high);
}

static bool is_script(struct span name)
{
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		if (span_is(name, scripts[i]))
			return true;
	}
	return false;
}

/* \pN, \p{Name}, \p{^Name}, \PN ..., from the backslash. */
static int class_read_unicode(struct regex_translator *self, struct class *class)
{
	const char *place = self->at, *close;
	bool is_negated = self->at[1] == 'P';
	const struct named_set *category;
	struct span name;
	char script[64];

	self->at += 2;
	if (self->at == self->end)
		return regex_fail(self, place, "\\%c needs the name of a set, as in \\p{Greek}",
				  place[1]);
	if (*self->at != '{') {
		name.data = self->at;
		regex_next_point(self);
		name.bytes = (size_t)(self->at - name.data);
	} else {
		close = memchr(self->at, '}', (size_t)(self->end - self->at));
		if (!close)
			return regex_fail(self, place, "\\%c{ has no }", place[1]);
		name = (struct span){ self->at + 1, (size_t)(close - self->at - 1) };
		self->at = close + 1;
		if (name.bytes && name.data[0] == '^') {
			is_negated = !is_negated;
			name.data++;
			name.bytes--;
		}
	}
	category = FIND_SET(categories, name);
	/* With case folded a letter of either case stands for both. */
	if (category && self->flags.fold &&
	    (span_is(name, "Lu") || span_is(name, "Ll") || span_is(name, "Lt")))
		return class_add_set(self, class, place, "\\p{Lu}\\p{Ll}\\p{Lt}", is_negated);
	if (category)
		return class_add_set(self, class, place, category->ranges, is_negated);
	if (!is_script(name))
		return regex_fail(self, place,
				  "unknown set \"%.*s\"; want a general category such as Lu or a "
				  "script such as Greek",
				  (int)name.bytes, name.data);
	snprintf(script, sizeof(script), "\\p{sc:%.*s}", (int)name.bytes, name.data);
	return class_add_set(self, class, place, script, is_negated);
}

/* \d and the like, from the backslash. */
static int class_read_perl(struct regex_translator *self, struct class *class)
{
	const char *place = self->at;
	char letter = (char)(self->at[1] | ' ');
	const struct named_set *set = FIND_SET(perl_sets, ((struct span){ &letter, 1 }));

	self->at += 2;
	return class_add_set(self, class, place, set->ranges, place[1] != letter);
}

/* [:alpha:] and [:^alpha:]; *found is false if no such thing stands here. */
static int class_read_posix(struct regex_translator *self, struct class *class, bool *found)
{
	const char *place = self->at;
	size_t left = (size_t)(self->end - self->at);
	const char *close = left > 2 && self->at[0] == '[' && self->at[1] == ':'
				    ? memmem(self->at + 2, left - 2, ":]", 2)
				    : NULL;
	const struct named_set *set;
	struct span name;
	bool is_negated;

	*found = close;
	if (!close)
		return 0;
	name = (struct span){ place + 2, (size_t)(close - place - 2) };
	is_negated = name.bytes && name.data[0] == '^';
	name.data += is_negated;
	name.bytes -= is_negated;
	set = FIND_SET(posix_sets, name);
	if (!set)
		return regex_fail(self, place,
				  "unknown class \"[:%.*s:]\"; want one such as "
				  "[:alpha:]",
				  (int)name.bytes, name.data);
	self->at = close + 2;
	return class_add_set(self, class, place, set->ranges, is_negated);
}

static bool starts_escaped_set(const struct regex_translator *self, const char *letters)
{
	return self->end - self->at >= 2 && self->at[0] == '\\' && strchr(letters, self->at[1]) &&
	       self->at[1];
}

static int class_read_character(struct regex_translator *self, const char *open, uint32_t *out)
{
	if (self->at == self->end)
		return regex_fail(self, open, "[ has no ]");
	if (*self->at == '\\')
		return regex_read_escape(self, out);
	*out = regex_next_point(self);
	return 0;
}

static int class_read_range(struct regex_translator *self, struct class *class, const char *open)
{
	const char *place = self->at;
	uint32_t low, high;
	int error = class_read_character(self, open, &low);

	if (error)
		return error;
	high = low;
	if (self->end - self->at >= 2 && self->at[0] == '-' && self->at[1] != ']') {
		self->at++;
		error = class_read_character(self, open, &high);
		if (error)
			return error;
	}
	if (high < low)
		return regex_fail(self, place, "the range \"%.*s\" ends before it begins",
				  (int)(self->at - place), place);
	class_add_range(class, low, high);
	return 0;
}

static int class_read_item(struct regex_translator *self, struct class *class, const char *open)
{
	bool found = false;
	int error = 0;

	if (self->at < self->end)
		error = class_read_posix(self, class, &found);
	if (error || found)
		return error;
	if (starts_escaped_set(self, "pP"))
		return class_read_unicode(self, class);
	if (starts_escaped_set(self, "dDsSwW"))
		return class_read_perl(self, class);
	return class_read_range(self, class, open);
}

static void class_add_bracket(struct buf *out, struct buf *ranges, bool is_negated)
{
	if (ranges->bytes)
		buf_add_format(out, is_negated ? "[^%s]" : "[%s]", buf_text(ranges));
	else
		buf_add_text(out, is_negated ? "[" ANY_POINT "]" : "(?!)");
}

/* The union of its parts, or what is in none of them. */
static void class_write(struct class *class, struct buf *out, bool is_negated)
{
	bool is_single =
		!class->outside_count || (class->outside_count == 1 && !class->ranges.bytes);

	if (is_single) {
		struct buf *only = class->outside_count ? &class->outside[0] : &class->ranges;

		class_add_bracket(out, only, is_negated != (class->outside_count != 0));
		return;
	}
	buf_add_text(out, "(?:");
	for (unsigned int i = 0; i < class->outside_count; i++) {
		buf_add_text(out, is_negated ? "(?=" : "");
		class_add_bracket(out, &class->outside[i], !is_negated);
		buf_add_text(out, is_negated ? ")" : "|");
	}
	class_add_bracket(out, &class->ranges, is_negated);
	buf_add_char(out, ')');
}

static int class_read_bracket(struct regex_translator *self, struct class *class, bool *is_negated)
{
	const char *open = self->at++;
	bool is_first = true;

	*is_negated = self->at < self->end && *self->at == '^';
	self->at += *is_negated;
	for (; self->at == self->end || *self->at != ']' || is_first; is_first = false) {
		int error = class_read_item(self, class, open);

		if (error)
			return error;
	}
	self->at++;
	return 0;
}

bool regex_class_starts(const struct regex_translator *self)
{
	return *self->at == '[' || starts_escaped_set(self, "dDsSwWpP");
}

int regex_class_read(struct regex_translator *self)
{
	_cleanup_(class_done) struct class class = {};
	bool is_negated = false;
	int error;

	if (*self->at == '[')
		error = class_read_bracket(self, &class, &is_negated);
	else if (starts_escaped_set(self, "pP"))
		error = class_read_unicode(self, &class);
	else
		error = class_read_perl(self, &class);
	if (!error)
		class_write(&class, self->out, is_negated);
	return error;
}

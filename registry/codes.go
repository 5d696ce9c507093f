package registry

import (
	"strings"
	"time"
)

const (
	usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY" // GB 32100-2015
	idAlphabet   = "10X98765432"                     // GB 11643
)

var (
	usccWeights = [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}
	idWeights   = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
)

// CheckUSCC checks a unified social credit code (GB 32100-2015). A wrong check
// character has its own code, CodeUSCCCheck: some early real codes fail it, so
// an operator may override it, openly.
func CheckUSCC(code string) error {
	if len(code) != 18 {
		return Errorf(CodeUSCCForm, "", "credit code: want 18 characters")
	}
	sum := 0
	for i := 0; i < 17; i++ {
		v := strings.IndexByte(usccAlphabet, code[i])
		if v < 0 {
			return Errorf(CodeUSCCForm, "", "credit code: character %d is not of %s", i+1, usccAlphabet)
		}
		sum += v * usccWeights[i]
	}
	if want := usccAlphabet[(31-sum%31)%31]; code[17] != want {
		return Errorf(CodeUSCCCheck, "", "credit code: the last character does not fit the others (GB 32100)")
	}
	return nil
}

// USCCCheck returns the check character for the first 17 characters of a
// credit code, or 0 when one is outside the alphabet.
func USCCCheck(first17 string) byte {
	if len(first17) != 17 {
		return 0
	}
	sum := 0
	for i := 0; i < 17; i++ {
		v := strings.IndexByte(usccAlphabet, first17[i])
		if v < 0 {
			return 0
		}
		sum += v * usccWeights[i]
	}
	return usccAlphabet[(31-sum%31)%31]
}

// oldest is how many years ago the holder of an identity number can be born.
const oldest = 150

// CheckCitizenID checks a citizen identity number (GB 11643): form, a birth
// date that is real and, as of today, past, check character. The number itself
// never enters the error.
func CheckCitizenID(number string, today Date) error {
	if len(number) != 18 {
		return Errorf(CodeCitizenID, "", "identity number: want 18 characters")
	}
	sum := 0
	for i := 0; i < 17; i++ {
		if number[i] < '0' || number[i] > '9' {
			return Errorf(CodeCitizenID, "", "identity number: character %d is not a digit", i+1)
		}
		sum += int(number[i]-'0') * idWeights[i]
	}
	born, err := time.Parse("20060102", number[6:14])
	if err != nil {
		return Errorf(CodeCitizenID, "", "identity number: the birth date in it does not exist")
	}
	if day := Date(born.Unix() / 86400); day > today || day < today.AddYears(-oldest) {
		return Errorf(CodeCitizenID, "", "identity number: nobody can be born on the birth date in it")
	}
	if number[17] != idAlphabet[sum%11] {
		return Errorf(CodeCitizenID, "", "identity number: the last character does not fit the others (GB 11643)")
	}
	return nil
}

// HolderCodeType is 持证主体代码类型代码 (GB/T 36903).
type HolderCodeType string

// HolderCodeTypes lists the codes with their Chinese names.
var HolderCodeTypes = map[HolderCodeType]string{
	"001": "统一社会信用代码", "099": "其他法人或其他组织有效证件代码",
	"111": "公民身份号码", "114": "中国人民解放军军官证", "115": "中国人民武装警察部队警官证",
	"118": "士兵证", "119": "军官退休证", "120": "文职干部证", "122": "军官离退休证",
	"411": "外交护照", "412": "公务护照", "413": "普通护照", "414": "公务普通护照",
	"511": "台湾居民来往大陆通行证", "516": "港澳居民来往内地通行证", "999": "其他自然人有效证件代码",
}

// CheckHolderCode checks a holder's code by its type; types without a public
// check rule must only be 1–64 printable ASCII characters. today is for the
// birth date in a citizen's number.
func CheckHolderCode(codeType HolderCodeType, code string, today Date) error {
	switch codeType {
	case "001":
		return CheckUSCC(code)
	case "111":
		return CheckCitizenID(code, today)
	}
	if HolderCodeTypes[codeType] == "" {
		return Errorf(CodeHolderType, "", "holder code type %q is not in GB/T 36903", codeType)
	}
	if len(code) < 1 || len(code) > 64 || strings.ContainsFunc(code, func(r rune) bool { return r < '!' || r > '~' }) {
		return Errorf(CodeHolderCode, "", "holder code: want 1 to 64 printable characters")
	}
	return nil
}

// MaskCode shows the first 6 and last 4 characters of a long code and less of
// a short one, for public pages.
func MaskCode(code string) string {
	n := len(code)
	switch {
	case n >= 15:
		return code[:6] + strings.Repeat("*", n-10) + code[n-4:]
	case n > 4:
		return code[:2] + strings.Repeat("*", n-4) + code[n-2:]
	}
	return strings.Repeat("*", n)
}

// MaskName shows a natural person's family name only (王*); the names of
// organizations are public and stay whole.
func MaskName(codeType HolderCodeType, name string) string {
	if codeType == "001" || codeType == "099" {
		return name
	}
	runes := []rune(name)
	if len(runes) <= 1 {
		return "*"
	}
	return string(runes[0]) + strings.Repeat("*", len(runes)-1)
}

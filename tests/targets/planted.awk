# Which planted bugs are among these buckets?  Reads planted.txt, then lines
# "type<TAB>state lines joined by |"; prints "name<TAB>lines" for each bug
# that was found, and at the end "K of N".
#
#	awk -f planted.awk planted.txt buckets
BEGIN { FS = "\t" }

FNR == NR {
	if ($0 !~ /^#/ && NF == 3) {
		name[++n] = $1
		type[n] = $2
		state[n] = $3
	}
	next
}

{
	for (i = 1; i <= n; i++)
		if (index($1 " ", type[i] " ") == 1 &&
		    index($2 "|", state[i] "|") == 1)
			hits[i]++
}

END {
	for (i = 1; i <= n; i++)
		if (hits[i] > 0) {
			found++
			print name[i] "\t" hits[i]
		}
	print (found + 0) " of " n
}

# What the sources log and note: a line each of
#
#	log NAME LEVEL KEY,KEY...	a call of log_info() and its kin
#	noted NAME			a name of a row of event or audit
#	bad FILE:LINE WORDS		a call whose event nobody can tell
#
# A name that is put together has a comment at most 40 lines above: "events:
# a.b a.c" for the log, "noted: a.b a.c" for the tables.
use strict;
use warnings;

my $name = qr/[a-z]+\.[a-z_]+/;
my $noun = qr/account|bot|bucket|build|bundle|database|disk|generation|hook|
    invite|job|key|ledger|rules|settings|spool|system|target|task|
    templates/x;
# Where the event is among the arguments; level and keys where the name of the
# function says them.
my %calls = (
    log_debug => [0, 'debug'], log_info => [0, 'info'],
    log_warn => [0, 'warn'], log_error => [0, 'error'],
    LOG_EVENT => [1], log_event => [1],
    log_lines => [0, 'warn', 'reason'], runner_die => [0, 'error', 'reason'],
);
my $calls = join '|', keys %calls;

sub arguments { # text behind an opening bracket: what stands between commas
	my ($text) = @_;
	my ($depth, $quoted, @args) = (0, 0, '');
	while ($text =~ /\G(\\.|"|[(){}\[\],]|[^"\\(){}\[\],]+)/gs) {
		my $c = $1;
		$quoted = !$quoted if $c eq '"';
		if (!$quoted) {
			last if $c eq ')' && $depth == 0;
			$depth++ if $c =~ /^[({\[]$/;
			$depth-- if $c =~ /^[)}\]]$/;
			if ($c eq ',' && $depth == 0) {
				push @args, '';
				next;
			}
		}
		$args[-1] .= $c;
	}
	return @args;
}

sub marks { # text, word: [place, names...] of each such comment
	my ($text, $word) = @_;
	my @marks;
	while ($text =~ m{/\*\s*$word:\s*(.*?)\*/}gs) {
		my ($list, $at) = ($1, $-[0]);
		$list =~ s/^\s*\*//gm;
		push @marks, [$at, grep { /^$name$/ } split ' ', $list];
	}
	return @marks;
}

sub lines { return $_[0] =~ tr/\n//; }

for my $file (@ARGV) {
	open(my $in, '<', $file) or die "$file: $!";
	my $text = do { local $/; <$in> };
	my @marks = marks($text, 'events');
	print "noted $_\n"
	    for map { @$_[1 .. $#$_] } marks($text, 'noted');
	# Comments go, lines stay.
	(my $code = $text) =~
	    s{/\*.*?\*/}{my $c = $&; $c =~ s/[^\n]/ /g; $c}gse;
	my %logged;	# places of literals that are the log's
	while ($code =~ /(?<!\n)\b($calls)\s*\(/g) {
		my ($call, $at, $open) = ($1, $-[0], pos($code));
		next if substr($code, 0, $at) =~ /#define[^\n]*$/;
		my @args = arguments(substr($code, $open));
		my ($place, $level, @keys) = @{$calls{$call}};
		my $event = $args[$place];
		my @names = $event =~ /"($name)"/g;
		# In the body of such a function the event is its parameter.
		next if !@names && substr($code, 0, $at) =~
		    /\n(?:$calls)\(const char \*event,[^{]*\{(?:(?!\n\}).)*$/s;
		if (@names) {
			my $from = $open;
			$from += length($args[$_]) + 1 for 0 .. $place - 1;
			$logged{$_} = 1 for $from .. $from + length $event;
		} else {
			my ($near) = sort { $b->[0] <=> $a->[0] } grep {
			    $_->[0] < $at && lines(substr($code, $_->[0],
				$at - $_->[0])) < 40 } @marks;
			@names = @$near[1 .. $#$near] if $near;
		}
		if (!@names) {
			$event =~ s/\s+/ /g;
			print "bad $file:", 1 + lines(substr($code, 0, $at)),
			    " $call($event)\n";
			next;
		}
		$level ||= join('|', sort map { lc } $args[0] =~
		    /LEVEL_([A-Z]+)/g) || 'info';
		@keys = join(',', @args) =~ /LOG_[TN]\("([a-z0-9_]+)"/g
		    unless @keys;
		print "log $_ $level ", join(',', @keys), "\n" for @names;
	}
	next if $file =~ m{/settings\.c$};
	while ($code =~ /["']($noun\.[a-z_]+)["']/g) {
		my ($found, $at) = ($1, $-[0]);
		next if $logged{$at} || $found eq 'job.json';
		# The list right below such a comment is the log's.
		next if grep { $_->[0] < $at && lines(substr($code, $_->[0],
		    $at - $_->[0])) < 3 } @marks;
		print "noted $found\n";
	}
}

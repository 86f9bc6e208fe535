# Prints the values of a folder in all ways of Perl: perl ways.pl IN OUT
use strict;
use warnings;
use B;
use Carp;
use Data::Dumper;
use Encode qw(decode encode);
use JSON::PP;
use MIME::Base64;
use MIME::QuotedPrint;

sub dumped {
    my ($value, %options) = @_;
    my $dumper = Data::Dumper->new([$value]);
    $dumper->$_($options{$_}) for keys %options;
    return $dumper->Dump;
}

sub deploy { return Carp::longmess("called") }

# Each takes the value as characters and as bytes.
my %ways = (
    'perl-dumper'         => sub { dumped({ TOKEN => $_[1] }) },
    'perl-dumper-qq'      => sub { dumped({ TOKEN => $_[1] }, Useqq => 1) },
    'perl-dumper-flat'    => sub { dumped([ $_[1], 'b' ], Indent => 0, Terse => 1) },
    'perl-dumper-chars'   => sub { dumped({ TOKEN => $_[0] }) },
    'perl-dumper-lists'   => sub { dumped([ split //, $_[0] ], Indent => 1) },
    'perl-quotemeta'      => sub { quotemeta $_[1] },
    'perl-string'         => sub { B::perlstring($_[1]) },
    'perl-c-string'       => sub { B::cstring($_[1]) },
    'perl-uu'             => sub { pack 'u', $_[1] },
    'perl-hex'            => sub { unpack 'H*', $_[1] },
    'perl-bits'           => sub { unpack 'B*', $_[1] },
    'perl-bytes'          => sub { join ',', unpack 'C*', $_[1] },
    'perl-words'          => sub { join ' ', map { sprintf '%04x', $_ } unpack 'n*', "$_[1] " },
    'perl-version'        => sub { sprintf '%vd', $_[0] },
    'perl-version-hex'    => sub { sprintf '%vx', $_[1] },
    'perl-version-bits'   => sub { sprintf '%v08b', $_[1] },
    'perl-version-octal'  => sub { sprintf '%vo', $_[1] },
    'perl-words-decimal'  => sub { join ',', unpack 'N*', "$_[1]   " },
    'perl-octal'          => sub { join '', map { sprintf '\\%03o', $_ } unpack 'C*', $_[1] },
    'perl-x-braces'       => sub { join '', map { sprintf '\\x{%x}', ord } split //, $_[0] },
    'perl-equals'         => sub { join '', map { sprintf '=%02X', $_ } unpack 'C*', $_[1] },
    'perl-ords'           => sub { join ' ', map { ord } split //, $_[0] },
    'perl-base64'         => sub { encode_base64($_[1]) },
    'perl-base64-joined'  => sub { encode_base64($_[1], '') },
    'perl-qp'             => sub { encode_qp($_[1]) },
    'perl-qp-crlf'        => sub { encode_qp($_[1], "\r\n") },
    'perl-json'           => sub { JSON::PP->new->utf8->encode({ a => $_[0] }) },
    'perl-json-ascii'     => sub { JSON::PP->new->ascii->pretty->encode({ a => [ $_[0] ] }) },
    'perl-json-latin1'    => sub { JSON::PP->new->latin1->encode([ $_[0] ]) },
    'perl-json-slash'     => sub { JSON::PP->new->utf8->escape_slash->encode([ $_[0] ]) },
    'perl-mime-header'    => sub { encode('MIME-Header', $_[0]) },
    'perl-mime-q'         => sub { encode('MIME-Q', $_[0]) },
    'perl-carp'           => sub { local $Carp::MaxArgLen = 0; deploy($_[1]) },
    'perl-reversed'       => sub { scalar reverse $_[1] },
    'perl-upper'          => sub { encode('UTF-8', uc $_[0]) },
    'perl-joined'         => sub { encode('UTF-8', join '.', split //, $_[0]) },
);

my ($from, $to) = @ARGV;
opendir my $folder, $from or die "open: $!";
for my $name (grep { -f "$from/$_" } readdir $folder) {
    open my $in, '<:raw', "$from/$name" or die "read: $!";
    my $bytes = do { local $/; <$in> };
    for my $way (sort keys %ways) {
        my $text = $ways{$way}->(decode('UTF-8', my $copy = $bytes), $bytes);
        open my $out, '>:raw', "$to/$way\@$name" or die "write: $!";
        print {$out} $text or die "write: $!";
        close $out or die "write: $!";
    }
}

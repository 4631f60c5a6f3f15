#!/bin/sh
# Checks a certificate with openssl, poppler-utils and coreutils alone; nothing is installed, nothing is sent.
#
#   sh verify.sh -r root.pem [-c crl.pem] [-l log.vkey] [-t SECONDS] FILE...
#
# FILE is a sealed PDF, or a record.json that has record.json.p7s beside it (and perhaps record.json.p7s.tsr,
# record.json.tlog-proof). -t judges at another moment than now (seconds
# since 1970). It checks signatures and what they lead to. It does not read what a record says: for that, and for "valid",
# there are verify.html and `ardoise verify`. Ends with 0 where everything that it checks holds, 1 where something does
# not, 2 where something is missing.
set -u
LC_ALL=C
export LC_ALL
umask 077

# As `openssl x509 -text` prints them.
KEY_USAGE='            X509v3 Key Usage: critical
                '
STATION_USAGE="${KEY_USAGE}Digital Signature, Non Repudiation
"
REGISTRY_USAGE="${KEY_USAGE}Digital Signature
"
CA_USAGE="${KEY_USAGE}Certificate Sign, CRL Sign
"
CONSTRAINTS='            X509v3 Basic Constraints: critical
                CA:TRUE, pathlen:'
STAMP_USAGE='            X509v3 Extended Key Usage: critical
                Time Stamping
'
# The DER of an Ed25519 public key up to the key itself (RFC 8410).
ED25519=302A300506032B6570032100

usage() {
    printf '%s\n' "$1" 'verify.sh -r root.pem [-c crl.pem] [-l log.vkey] [-t SECONDS] FILE...' >&2
    exit 2
}

say() { printf '  %-12s %-11s %s\n' "$1" "$2" "$3"; }
ok() { say "$1" ok "$2"; }
skip() { say "$1" 'not checked' "$2"; }
# The first step that fails ends the check of a file.
fail() {
    say "$1" FAILED "$2"
    failed=1
    return 1
}

size_of() { size=$(wc -c <"$1") && printf '%s' "$((size))"; }
slice() { tail -c "+$(($2 + 1))" <"$1" | head -c "$3"; }
quiet() { "$@" >"$work/said" 2>&1; }
is_number() { case $1 in '' | *[!0-9]* | ???????????*) return 1 ;; esac; }

# --- certificates ---------------------------------------------------------------------------------------------------

# Each root in a file of its own.
split_roots() {
    number=0
    one=''
    while IFS= read -r line; do
        case $line in '-----BEGIN CERTIFICATE-----') one='' ;; esac
        one="$one$line
"
        case $line in '-----END CERTIFICATE-----') number=$((number + 1)) && printf '%s' "$one" >"$work/root-$number.pem" ;; esac
    done <"$1"
    [ "$number" -gt 0 ]
}

# The two certificates of an envelope: the signer's, and the one that is not the signer's.
split_certificates() {
    quiet openssl cms -verify -noverify -binary -inform DER -in "$1" -content "$2" -out /dev/null \
        -signer "$work/leaf.pem" -certsout "$work/both.pem" || return 1
    number=0
    one=''
    leaf="$(cat "$work/leaf.pem")
"
    : >"$work/ca.pem"
    while IFS= read -r line; do
        case $line in '-----BEGIN CERTIFICATE-----') number=$((number + 1)) && one='' ;; esac
        one="$one$line
"
        case $line in
        '-----END CERTIFICATE-----')
            [ "$one" = "$leaf" ] || printf '%s' "$one" >>"$work/ca.pem"
            ;;
        esac
    done <"$work/both.pem"
    [ "$number" = 2 ] && [ -s "$work/ca.pem" ]
}

digest_of() { sum=$(sha256sum <"$1") && printf '%s' "${sum%% *}"; }
same_files() {
    one=$(digest_of "$1") && other=$(digest_of "$2") && [ -n "$one" ] && [ "$one" = "$other" ]
}

# Sets text. A key on P-256 or nothing.
on_curve() {
    text=$(openssl x509 -in "$1" -noout -text 2>/dev/null) || return 1
    text="$text
"
    case $text in *'ASN1 OID: prime256v1'*) ;; *) return 1 ;; esac
}

# Sets text. P-256 and ECDSA with SHA-256, and no name constraints, or nothing.
describe() {
    on_curve "$1" || return 1
    case $text in *'Name Constraints'*) return 1 ;; *'Signature Algorithm: ecdsa-with-SHA256'*) ;; *) return 1 ;; esac
}

is_ca() {
    describe "$1" || return 1
    case $text in *'Extended Key Usage'*) return 1 ;; *"$CONSTRAINTS$2
"*) ;; *) return 1 ;; esac
    case $text in *"$CA_USAGE"*) ;; *) return 1 ;; esac
}

is_leaf() {
    describe "$1" || return 1
    case $text in *CA:TRUE*) return 1 ;; esac
    case $2 in stamp) ;; *) case $text in *'Extended Key Usage'*) return 1 ;; esac ;; esac
    case $2$text in
    stamp*"$REGISTRY_USAGE"*) case $text in *"$STAMP_USAGE"*) ;; *) return 1 ;; esac ;;
    station*"$STATION_USAGE"* | seal*"$STATION_USAGE"* | seal*"$REGISTRY_USAGE"*) ;;
    *) return 1 ;;
    esac
}

# $1 step, $2 kind of leaf, $3 envelope, $4 content: sets root to the one that vouches for the signer, whatever the date.
check_chain() {
    root=''
    for each in "$work"/root-*.pem; do
        [ -z "$root" ] && quiet openssl verify -no_check_time -purpose any -CAfile "$each" -untrusted "$work/ca.pem" \
            "$work/leaf.pem" && root=$each
    done
    [ -n "$root" ] && quiet openssl cms -verify -cades -no_check_time -binary -purpose any -inform DER -in "$3" \
        -content "$4" -CAfile "$root" -out /dev/null || fail "$1" 'the signer does not lead to the given root' || return 1
    { is_ca "$root" 1 && is_ca "$work/ca.pem" 0 && is_leaf "$work/leaf.pem" "$2"; } ||
        fail "$1" 'a certificate is not meant for this' || return 1
    end=${text#*Not After : }
    end=${end%%
*}
    ok "$1" 'leads to the given root'
}

check_validity() {
    quiet openssl verify -attime "$moment" -purpose any -CAfile "$root" -untrusted "$work/ca.pem" \
        "$work/leaf.pem" || fail validity 'a certificate has ended or not begun, and no time stamp helps' || return 1
    ok validity "certificate until $end"
}

check_revocation() {
    lists=''
    if [ -n "$crl" ]; then
        choose_list && in_force "$work/list.pem" || fail revocation 'revoked, or the given list is out of date or of another CA' || return 1
        lists='the given list'
    fi
    if [ -f "$work/inside-crl.pem" ]; then
        in_force "$work/inside-crl.pem" || fail revocation 'revoked, or the list inside is out of date or of another CA' || return 1
        lists="${lists:+$lists, }the list inside"
    fi
    if [ -z "$lists" ]; then skip revocation 'no list of revoked stations was given'; else ok revocation "$lists"; fi
}

# Of the lists that were given, one for each issuing CA, the one that this CA signed; the last of them, else the last of all.
choose_list() {
    rm -f "$work/list.pem" "$work/one.pem"
    found_list=''
    case $(head -c 10 "$work/crl.pem") in '-----BEGIN') ;; *) cat <"$work/crl.pem" >"$work/list.pem"; return ;; esac
    while IFS= read -r line || [ -n "$line" ]; do
        printf '%s\n' "$line" >>"$work/one.pem"
        case $line in *'-----END X509 CRL-----'*) ;; *) continue ;; esac
        openssl crl -in "$work/one.pem" -CAfile "$work/ca.pem" -noout -verify >"$work/said" 2>&1
        case $(cat "$work/said") in
        *'verify OK'*) cat <"$work/one.pem" >"$work/list.pem"; found_list=1 ;;
        *) [ -n "$found_list" ] || cat <"$work/one.pem" >"$work/list.pem" ;;
        esac
        rm -f "$work/one.pem"
    done <"$work/crl.pem"
    [ -f "$work/list.pem" ]
}

# Not revoked by this list. After a time stamp, a revocation that came later changes nothing: the dates are compared.
in_force() {
    quiet openssl crl -in "$1" -CAfile "$work/ca.pem" -noout -verify || return 1
    case $(cat "$work/said") in *'verify OK'*) ;; *) return 1 ;; esac
    issuer=$(openssl crl -in "$1" -noout -issuer)
    subject=$(openssl x509 -in "$work/ca.pem" -noout -subject)
    [ "${issuer#issuer=}" = "${subject#subject=}" ] || return 1
    serial=$(openssl x509 -in "$work/leaf.pem" -noout -serial)
    serial=${serial#serial=}
    entry='' since=''
    openssl crl -in "$1" -noout -text >"$work/list" 2>/dev/null || return 1
    while IFS= read -r line; do
        case $line in
        '    Serial Number: '*) entry=${line#    Serial Number: } ;;
        '        Revocation Date: '*) [ "$entry" = "$serial" ] && since=${line#        Revocation Date: } ;;
        *'Invalidity Date:'*) [ "$entry" = "$serial" ] && IFS= read -r line && earlier "$line" "$since" && since=$line ;;
        esac
    done <"$work/list"
    if [ -n "$since" ]; then
        [ "$stamped" = 1 ] && [ "$moment_end" -lt "$(seconds "$since")" ]
        return
    fi
    until=$(openssl crl -in "$1" -noout -nextupdate)
    [ "$moment_end" -le "$(seconds "${until#nextUpdate=}")" ]
}

seconds() { date -u -d "$1" +%s 2>/dev/null || printf '%s' 0; }
earlier() { [ "$(seconds "$1")" -lt "$(seconds "$2")" ]; }

# --- proofs ---------------------------------------------------------------------------------------------------------

# $1 response, $2 what is stamped: sets stamp_time. By an authority below the same root, valid then and now.
open_stamp() {
    quiet openssl ts -verify -in "$1" -data "$2" -CAfile "$root" -attime "$at" || return 1
    openssl ts -reply -in "$1" -token_out -out "$work/token" >/dev/null 2>&1 || return 1
    quiet openssl cms -verify -noverify -inform DER -in "$work/token" -out /dev/null -signer "$work/stamper.pem" || return 1
    is_leaf "$work/stamper.pem" stamp || return 1
    openssl ts -reply -in "$1" -text >"$work/said" 2>/dev/null || return 1
    stamp_time=''
    while IFS= read -r line; do
        case $line in 'Time stamp: '*) stamp_time=$(seconds "${line#Time stamp: }") ;; esac
    done <"$work/said"
    is_number "$stamp_time" && [ "$stamp_time" -le "$((at + 600))" ] &&
        quiet openssl ts -verify -in "$1" -data "$2" -CAfile "$root" -attime "$stamp_time"
}

# Sets moment: the stamp's, else the one that was asked for.
check_stamp() {
    moment=$at moment_end=$at stamped=0
    if [ ! -f "$work/inside-record.json.p7s.tsr" ]; then
        skip 'time stamp' 'none was given'
        return 0
    fi
    open_stamp "$work/inside-record.json.p7s.tsr" "$1" ||
        fail 'time stamp' 'not over this signature, or not of an authority under the given root' || return 1
    moment=$stamp_time moment_end=$((stamp_time + 1)) stamped=1
    ok 'time stamp' "signed before $(date -u -d "@$moment_end" '+%Y-%m-%d %H:%M:%S') UTC"
}

hash() { openssl dgst -sha256 -binary; }

# The hash of an inner node (RFC 6962 2.1) of two files, into the first.
join() {
    { printf '\001' && cat "$2" "$3"; } | hash >"$work/node" && cat "$work/node" >"$1"
}

# RFC 9162 2.1.3.2. $1 index, $2 size; the path's hashes stand in $work/path, the leaf in $work/hash.
climb() {
    node=$1 last=$(($2 - 1))
    [ "$1" -lt "$2" ] || return 1
    while IFS= read -r line; do
        [ "$last" -gt 0 ] || return 1
        printf '%s' "$line" | base64 -d >"$work/sibling" 2>/dev/null && [ "$(size_of "$work/sibling")" = 32 ] || return 1
        if [ $((node % 2)) = 1 ] || [ "$node" = "$last" ]; then
            join "$work/hash" "$work/sibling" "$work/hash"
            while [ $((node % 2)) = 0 ] && [ "$node" -gt 0 ]; do node=$((node / 2)) last=$((last / 2)); done
        else
            join "$work/hash" "$work/hash" "$work/sibling"
        fi
        node=$((node / 2)) last=$((last / 2))
    done <"$work/path"
    [ "$last" = 0 ]
}

# Splits a proof (C2SP tlog-proof) into index, path, and the checkpoint's text and the log's signature.
read_proof() {
    part=head index='' signature='' count=0
    : >"$work/path" && : >"$work/text"
    while IFS= read -r line; do
        case $part$line in
        'headc2sp.org/tlog-proof@v1') part=index ;;
        'indexextra '*) ;;
        'indexindex '*) index=${line#index } part=path ;;
        path) part=text ;;
        path*) printf '%s\n' "$line" >>"$work/path" ;;
        text) part=signatures ;;
        text*)
            count=$((count + 1))
            [ "$count" = 1 ] && origin=$line
            [ "$count" = 2 ] && size=$line
            [ "$count" = 3 ] && top=$line
            printf '%s\n' "$line" >>"$work/text"
            ;;
        'signatures— '"$log_name"' '*) signature=${line##* } ;;
        signatures*) ;;
        *) return 1 ;;
        esac
    done <"$1"
    is_natural "$index" && is_natural "$size" && [ "$count" -ge 3 ] && [ "$origin" = "$log_name" ] && [ -n "$signature" ]
}

is_natural() { case $1 in '' | *[!0-9]* | 0?* | ???????????????????*) return 1 ;; esac; }

check_log() {
    if [ ! -f "$work/inside-record.json.tlog-proof" ] || [ -z "$log" ]; then
        skip log 'no log proof, or no key of a log, was given'
        return 0
    fi
    read_key && read_proof "$work/inside-record.json.tlog-proof" &&
        printf '%s' "$signature" | base64 -d >"$work/signed" 2>/dev/null &&
        [ "$(slice "$work/signed" 0 4 | basenc --base16)" = "$log_id" ] &&
        tail -c +5 "$work/signed" >"$work/signature" &&
        quiet openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/log.der" -rawin -in "$work/text" -sigfile "$work/signature" &&
        { printf '\000' && hash <"$1"; } | hash >"$work/hash" &&
        climb "$index" "$size" && [ "$(base64 <"$work/hash")" = "$top" ] ||
        fail log 'the proof does not lead to a checkpoint that this log signed' || return 1
    ok log "entry $index of $size"
}

# The log's key: name+id+base64 of 1 and the 32 bytes (C2SP signed-note); the id is checked.
read_key() {
    IFS= read -r line <"$work/log.vkey" || [ -n "$line" ] || return 1
    log_name=${line%%+*}
    rest=${line#*+}
    log_id=${rest%%+*}
    printf '%s' "${rest#*+}" | base64 -d >"$work/key" 2>/dev/null || return 1
    log_id=$(printf '%s' "$log_id" | tr a-f A-F)
    [ "$(size_of "$work/key")" = 33 ] && [ "$(head -c 1 "$work/key" | basenc --base16)" = 01 ] || return 1
    [ "$({ printf '%s\n' "$log_name" && cat "$work/key"; } | hash | head -c 4 | basenc --base16)" = "$log_id" ] || return 1
    { printf '%s' "$ED25519" | basenc --base16 -d && tail -c +2 "$work/key"; } >"$work/log.der"
}

# --- the record -----------------------------------------------------------------------------------------------------

check_record() {
    skip 'record form' 'canonical form and limits'
    split_certificates "$2" "$1" && on_curve "$work/leaf.pem" || fail signature 'these bytes are not the ones that were signed' || return 1
    ok signature "SHA-256 $(digest_of "$1")"
    check_chain chain station "$2" "$1" || return 1
    check_stamp "$2" || return 1
    check_validity || return 1
    check_revocation || return 1
    skip issuer 'whether the record names this station'
    check_specimen "$1" || return 1
    skip evidence 'whether the evidence supports the outcome'
    check_log "$1" || return 1
}

# What is not "true" in canonical form is false; a nested field of this name makes it only stricter.
check_specimen() {
    case $(tr -d '\000' <"$1") in
    *'"specimen":true'*) ;;
    *'"environment":"simulated"'*) fail specimen 'a simulated machine that is not marked as a specimen' || return 1 ;;
    *) skip specimen 'neither marked as a specimen nor simulated, as far as this can tell' && return 0 ;;
    esac
    case $(openssl x509 -in "$root" -noout -subject -nameopt multiline,-esc_msb,utf8 2>/dev/null) in
    *'commonName '*[=\ ]TEST | *'commonName '*[=\ ]TEST[!A-Za-z]*) ok specimen 'SPECIMEN, under a TEST root: certifies nothing' ;;
    *) fail specimen 'a specimen under a root that is not for tests' ;;
    esac
}

# --- the document ---------------------------------------------------------------------------------------------------

# Sets before, after: the seal stands between them, and covers every other byte.
find_seal() {
    quiet pdfsig -nocert "$work/document.pdf"
    count=0
    ranges=''
    while IFS= read -r line; do
        case $line in
        'Signature #'*) count=$((count + 1)) ;;
        '  - Signed Ranges: '*) ranges=$ranges${line#  - Signed Ranges: } ;;
        esac
    done <"$work/said"
    case $ranges in '[0 - '*'], ['*' - '*']') ;; *) return 1 ;; esac
    rest=${ranges#\[0 - }
    before=${rest%%\]*}
    rest=${rest#*, \[}
    after=${rest%% - *}
    end=${rest#* - }
    end=${end%\]}
    [ "$count" = 1 ] && is_number "$before" && is_number "$after" && is_number "$end" &&
        [ "$before" -lt "$after" ] && [ "$end" = "$(size_of "$work/document.pdf")" ]
}

# The bytes of the seal: lower-case digits, one value, then only zeros.
take_seal() {
    slice "$work/document.pdf" "$before" "$((after - before))" >"$work/gap"
    [ "$(tr -d 0-9a-f <"$work/gap")" = '<>' ] || return 1
    digits=$((after - before - 2))
    head=$(slice "$work/gap" 1 8)
    case $head in 3082*) ;; *) return 1 ;; esac
    length=$(((4 + $(printf '%d' "0x${head#3082}")) * 2))
    [ "$length" -le "$digits" ] && [ "$((digits % 2))" = 0 ] || return 1
    [ -z "$(slice "$work/gap" "$((1 + length))" "$((digits - length))" | tr -d 0)" ] || return 1
    slice "$work/gap" 1 "$length" | tr a-f A-F | basenc --base16 -d >"$work/seal.p7s" || return 1
    { head -c "$before" <"$work/document.pdf" && tail -c "+$((after + 1))" <"$work/document.pdf"; } >"$work/sealed"
}

# Writes each attachment under its number, and its known name beside it; any other name is refused.
detach() {
    quiet pdfdetach -list "$work/document.pdf" || return 1
    names='' stem=record
    while IFS= read -r line; do
        case $line in
        [0-9]': '*)
            name=${line#?: }
            case $name in
            record.json | record.json.p7s | record.json.p7s.tsr | record.json.tlog-proof | crl.pem | root-crl.pem) ;;
            lot.json | lot.json.p7s | intake.json | intake.json.p7s | destruction.json | destruction.json.p7s) stem=${name%%.*} ;;
            *) return 1 ;;
            esac
            case " $names " in *" $name "*) return 1 ;; esac
            pdfdetach -save "${line%%:*}" -o "$work/inside-$name" "$work/document.pdf" >/dev/null 2>&1 || return 1
            names="$names $name"
            ;;
        *' embedded files') ;;
        *) return 1 ;;
        esac
    done <"$work/said"
    # A station's own document carries two, as a statement's does; a registry's five or six.
    for name in "$stem.json" "$stem.json.p7s"; do [ -f "$work/inside-$name" ] || return 1; done
    [ "$names" = " $stem.json $stem.json.p7s" ] && return
    [ "$stem" = record ] || return 1
    for name in record.json.p7s.tsr record.json.tlog-proof crl.pem; do [ -f "$work/inside-$name" ] || return 1; done
}

check_document() {
    find_seal && take_seal ||
        fail 'seal form' 'no single signature covers the whole document: something was added, cut off or changed' || return 1
    ok 'seal form' 'one signature over all bytes but its own'
    split_certificates "$work/seal.p7s" "$work/sealed" && on_curve "$work/leaf.pem" ||
        fail seal 'the document is not as it was sealed' || return 1
    ok seal 'the document is as it was sealed'
    check_chain 'seal chain' seal "$work/seal.p7s" "$work/sealed" || return 1
    cat "$work/leaf.pem" >"$work/sealer.pem"
    detach || fail attachments 'not exactly the known files' || return 1
    ok attachments "${names# }"
    check_record "$work/inside-$stem.json" "$work/inside-$stem.json.p7s" || return 1
    if [ -f "$work/inside-record.json.tlog-proof" ]; then
        skip registry 'the time stamp inside the seal, and the seal at its moment'
        [ -f "$work/inside-root-crl.pem" ] && skip 'root list' 'whether the issuing CA was revoked'
    else
        same_files "$work/sealer.pem" "$work/leaf.pem" ||
            fail 'same station' 'the page was sealed by another station than the record' || return 1
        ok 'same station' 'sealed by the station that signed the record'
    fi
    skip page 'whether the page shows what the record says'
}

check_file() {
    rm -f "$work"/inside-* "$work/ca.pem"
    printf '%s\n' '--- file'
    cat <"$1" >"$work/document.pdf" 2>/dev/null || {
        printf '%s\n' 'verify.sh: a file can not be read' >&2
        return 2
    }
    if [ "$(head -c 5 <"$work/document.pdf")" = '%PDF-' ]; then
        check_document
        return
    fi
    cat <"$work/document.pdf" >"$work/record.json"
    for name in p7s.tsr tlog-proof; do
        [ -f "$1.$name" ] && cat <"$1.$name" >"$work/inside-record.json.$name"
    done
    cat <"$1.p7s" >"$work/record.json.p7s" 2>/dev/null || {
        printf '%s\n' 'verify.sh: the signature record.json.p7s is missing beside the record' >&2
        return 2
    }
    check_record "$work/record.json" "$work/record.json.p7s"
}

# --- arguments ------------------------------------------------------------------------------------------------------

root='' crl='' log='' at=$(date +%s)
while getopts r:c:l:t: option; do
    case $option in
    r) root=$OPTARG ;;
    c) crl=$OPTARG ;;
    l) log=$OPTARG ;;
    t) at=$OPTARG ;;
    *) usage 'verify.sh: an option is not known' ;;
    esac
done
shift $((OPTIND - 1))
[ -n "$root" ] && [ $# -gt 0 ] || usage 'verify.sh: a root and a file are needed'
is_number "$at" || usage 'verify.sh: -t takes seconds since 1970'

for program in openssl pdfsig pdfdetach base64 basenc cat date head mktemp rm sha256sum tail tr wc; do
    command -v "$program" >/dev/null || usage "verify.sh: $program is missing"
done

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
# Tools only ever see names of ours.
cat <"$root" >"$work/given.pem" 2>/dev/null && split_roots "$work/given.pem" || usage 'verify.sh: the root can not be read'
[ -z "$log" ] || cat <"$log" >"$work/log.vkey" 2>/dev/null || usage 'verify.sh: the key of the log can not be read'
[ -z "$crl" ] || cat <"$crl" >"$work/crl.pem" 2>/dev/null || usage 'verify.sh: the list can not be read'

status=0
for file in "$@"; do
    failed=0
    check_file "$file"
    [ $? = 2 ] && exit 2
    if [ "$failed" = 1 ]; then
        status=1
        printf '%s\n' 'NOT VALID.'
    else
        printf '%s\n' 'What is checked here holds. What is "not checked" is open: this alone is no proof of a sanitization.'
    fi
done
exit "$status"

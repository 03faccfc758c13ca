# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Time-stamp authorities made with openssl, in the current directory:
#
#   tsa_ca NAME                      NAME.crt, NAME.key: a CA
#   tsa_signer NAME CA KEY EXT [FROM TO]
#                                    NAME.crt, NAME.key; KEY: rsa, ec or short; EXT: a
#                                    section of tsa.cnf, such as stamp; valid
#                                    10 days, or FROM ... TO (YYYYMMDDHHMMSSZ);
#                                    NAME = CA: by itself
#   tsa_query TEXT OUT OPTION...     a request over a file, by openssl ts
#   tsa_answer QUERY SIGNER CA OUT [CONF [OPTION...]]
#                                    a TimeStampResp, by openssl ts
#   tsa_sign INFO SIGNER OUT OPTION...  a token over a TSTInfo, by openssl cms
#   tsa_bench                        everything that test_tsa.c checks

tsa_conf() {
	[ -e tsa.cnf ] && return
	cat > tsa.cnf << 'CONF'
[req]
distinguished_name = dn
prompt = no
[dn]
CN = nobody
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[bounded]
basicConstraints = critical,CA:true,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
[stamp]
basicConstraints = CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[weak]
extendedKeyUsage = timeStamping
[web]
extendedKeyUsage = critical,serverAuth
[both]
extendedKeyUsage = critical,timeStamping,serverAuth
[plain]
basicConstraints = CA:false
[cipher]
keyUsage = critical,keyEncipherment
extendedKeyUsage = critical,timeStamping
[issue]
default_ca = issuer
[issuer]
database = issued
serial = next
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
rand_serial = yes
[any]
commonName = supplied
CONF
	: > issued
}

tsa_key() { # rsa or ec
	case $1 in
	rsa) echo -newkey rsa:2048 ;;
	ec) echo -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 ;;
	esac
}

tsa_ca() {
	tsa_conf
	# shellcheck disable=SC2046
	openssl req -x509 $(tsa_key ec) -nodes -keyout "$1.key" -days 30 \
		-out "$1.crt" -subj "/CN=$1" -config tsa.cnf \
		-extensions authority 2> /dev/null
}

tsa_signer() {
	local from=${5:-$(date -u -d '-1 hour' +%Y%m%d%H%M%SZ)}
	local to=${6:-$(date -u -d '+10 days' +%Y%m%d%H%M%SZ)}
	local by=(-cert "$2.crt")
	[ "$1" != "$2" ] || by=(-selfsign)
	tsa_conf
	# shellcheck disable=SC2046
	[ -e "$1.key" ] || openssl genpkey -out "$1.key" \
		$(case $3 in
		rsa) echo -algorithm RSA -pkeyopt rsa_keygen_bits:2048 ;;
		short) echo -algorithm RSA -pkeyopt rsa_keygen_bits:1024 ;;
		ec) echo -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 ;;
		esac) 2> /dev/null
	openssl req -new -key "$1.key" -out "$1.csr" -subj "/CN=$1" \
		-config tsa.cnf 2> /dev/null
	openssl ca -config tsa.cnf -name issuer -batch -notext -in "$1.csr" \
		"${by[@]}" -keyfile "$2.key" -out "$1.crt" \
		-extensions "$4" -startdate "$from" -enddate "$to" \
		> /dev/null 2>&1
}

tsa_query() {
	local text=$1 out=$2
	shift 2
	openssl ts -query -data "$text" -out "$out" "$@" 2> /dev/null
}

# CONF: lines for the authority's section, separated by ";".
tsa_answer() {
	local query=$1 signer=$2 ca=$3 out=$4 conf=${5-}
	shift $(($# < 5 ? $# : 5))
	[ -e serial ] || echo 01 > serial
	{
		printf '%s\n' '[tsa]' 'serial = serial' \
			'default_policy = 1.3.6.1.4.1.99999.1' \
			'digests = sha256,sha384,sha512'
		tr ';' '\n' <<< "$conf"
		grep -q signer_digest <<< "$conf" ||
			echo 'signer_digest = sha256'
	} > answer.cnf
	openssl ts -reply -config answer.cnf -section tsa -queryfile "$query" \
		-signer "$signer.crt" -inkey "$signer.key" -chain "$ca.crt" \
		-out "$out" "$@" 2> /dev/null
}

tsa_sign() {
	local info=$1 signer=$2 out=$3
	shift 3
	openssl cms -sign -binary -nodetach -md sha256 -outform DER \
		-econtent_type 1.2.840.113549.1.9.16.1.4 -in "$info" \
		-signer "$signer.crt" -inkey "$signer.key" -out "$out" \
		"$@" 2> /dev/null
}

# Files good-*.tsr, bad-*.tsr: tokens over ./text; *.ca: which CA is asked.
tsa_bench() {
	local key hash conf name
	printf 'h/audit\n7\n%s\n' \
		"$(head -c 32 /dev/zero | base64)" > text
	tsa_ca ca && tsa_ca other || return
	tsa_signer rsa ca rsa stamp && tsa_signer ec ca ec stamp || return
	for key in rsa ec; do
		for hash in sha256 sha384 sha512; do
			name=good-$key-$hash
			tsa_query text $name.tsq -$hash -cert &&
				tsa_answer $name.tsq $key ca $name.tsr ||
				return
		done
	done
	tsa_query text good-bare.tsq -sha256 -no_nonce &&
		tsa_answer good-bare.tsq ec ca good-bare.tsr \
			'signer_digest = sha512' || return
	cat ca.crt ec.crt > good-bare.ca
	tsa_query text good-all.tsq -sha512 -cert \
		-tspolicy 1.3.6.1.4.1.99999.2.3 &&
		tsa_answer good-all.tsq rsa ca good-all.tsr \
			'other_policies = 1.3.6.1.4.1.99999.2.3;accuracy = secs:1, millisecs:500, microsecs:100;clock_precision_digits = 6;ordering = yes;tsa_name = yes;ess_cert_id_chain = yes;ess_cert_id_alg = sha512' ||
		return
	tsa_answer good-all.tsq rsa ca good-old-id.tsr \
		'other_policies = 1.3.6.1.4.1.99999.2.3;ess_cert_id_alg = sha1' ||
		return
	tsa_answer good-all.tsq rsa ca good-token.tsr \
		'other_policies = 1.3.6.1.4.1.99999.2.3' -token_out || return
	tsa_bench_ways && tsa_bench_signers && tsa_bench_others
}

# Longer ways to the CA, and ways that end.
tsa_bench_ways() {
	tsa_signer middle ca ec authority &&
		tsa_signer far middle ec stamp && tsa_signer bound ca ec bounded &&
		tsa_signer below bound ec authority &&
		tsa_signer deep below ec stamp || return
	tsa_query text way.tsq -sha256 -cert &&
		tsa_answer way.tsq far middle good-way.tsr || return
	# One that the path's length forbids.
	cat below.crt bound.crt > deep-chain.crt
	tsa_answer way.tsq deep deep-chain bad-path-length.tsr || return
	tsa_answer way.tsq far ca bad-no-way.tsr
}

# Certificates that may not stamp; openssl ts does not even sign with them.
tsa_bench_signers() {
	local name
	openssl ts -reply -in good-ec-sha256.tsr -token_out -out token.der \
		2> /dev/null &&
		openssl cms -verify -noverify -inform DER -in token.der -binary \
			-out info.der 2> /dev/null || return
	for name in weak web both plain cipher; do
		tsa_signer $name ca ec $name &&
			tsa_sign info.der $name bad-$name.tsr -cades || return
	done
	tsa_sign info.der ec good-cms.tsr -cades &&
		tsa_sign info.der ec good-keyid.tsr -cades -keyid &&
		tsa_sign info.der ec bad-unbound.tsr &&
		tsa_sign info.der ec bad-two.tsr -cades -signer rsa.crt \
			-inkey rsa.key || return
	# The same key, issuer and number, another certificate.
	local same=(-req -CA ca.crt -CAkey ca.key -set_serial 77 -days 9
		-extfile tsa.cnf -extensions stamp)
	openssl x509 "${same[@]}" -in ec.csr -out one.crt 2> /dev/null &&
		openssl x509 "${same[@]}" -in ec.csr -out two.crt -sha512 \
			2> /dev/null || return
	cp ec.key one.key
	cp ec.key two.key
	tsa_query text one.tsq -sha256 &&
		tsa_answer one.tsq one ca bad-another.tsr \
			'ess_cert_id_alg = sha256' || return
	cat ca.crt two.crt > bad-another.ca
	cp bad-another.tsr good-one.tsr
	cat ca.crt one.crt > good-one.ca
}

# Other times, other authorities, other content.
tsa_bench_others() {
	tsa_signer past ca ec stamp 20200101000000Z 20210101000000Z &&
		tsa_signer ahead ca ec stamp 20360101000000Z 20370101000000Z ||
		return
	tsa_sign info.der past bad-expired.tsr -cades &&
		tsa_sign info.der ahead bad-not-yet.tsr -cades || return
	# It was good when it was made; that its time is over says nothing. One
	# CA was not there yet.
	LC_ALL=C sed -E 's/20[0-9]{12}(Z|\.[0-9]+Z)/20200601000000\1/' \
		info.der > then.der
	tsa_sign then.der past good-then.tsr -cades || return
	cp past.crt good-then.ca
	cp good-then.tsr bad-young-ca.tsr
	tsa_signer old old ec authority 20200101000000Z 20210101000000Z &&
		tsa_signer gone old ec stamp 20200101000000Z 20210101000000Z &&
		tsa_sign then.der gone good-gone.tsr -cades || return
	cp old.crt good-gone.ca
	tsa_signer kept old ec stamp 20200101000000Z 20370101000000Z &&
		tsa_sign info.der kept bad-old-ca.tsr -cades || return
	cp old.crt bad-old-ca.ca
	cp good-ec-sha256.tsr bad-other-ca.tsr
	cp other.crt bad-other-ca.ca
	printf x > empty
	tsa_query empty other.tsq -sha256 -cert &&
		tsa_answer other.tsq ec ca bad-imprint.tsr || return
	tsa_query text weak.tsq -sha1 -cert &&
		tsa_answer weak.tsq ec ca bad-refused.tsr &&
		tsa_answer weak.tsq ec ca bad-sha1.tsr 'digests = sha1' ||
		return
	tsa_signer short ca short stamp &&
		tsa_sign info.der short bad-short-key.tsr -cades || return
	# A signature by SHA-1.
	tsa_sign info.der ec bad-sha1-signature.tsr -cades -md sha1 || return
	openssl cms -sign -binary -nodetach -md sha256 -outform DER -cades \
		-in info.der -signer ec.crt -inkey ec.key -out bad-content.tsr \
		2> /dev/null
}

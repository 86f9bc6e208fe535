"""Structured values as tools write them, with generated credentials in them."""

import base64
import json
import secrets
import string
from dataclasses import dataclass, field
from urllib.parse import quote

_ALPHANUMERIC = string.ascii_letters + string.digits


def token(length: int = 32, alphabet: str = _ALPHANUMERIC) -> str:
    """What a store hands out; holds a digit and both cases, as nearly all do."""
    return "Q7z" + "".join(secrets.choice(alphabet) for _ in range(length - 3))


def password() -> str:
    """What a password manager makes."""
    return "Zq8" + "".join(secrets.choice(_ALPHANUMERIC + "!#^*~") for _ in range(13))


def base64_of(text: str) -> str:
    """The text in standard base64."""
    return base64.b64encode(text.encode()).decode()


def pem(label: str, lines: int = 4) -> str:
    """A PEM block with a random body."""
    body = base64.b64encode(secrets.token_bytes(48 * lines - 8)).decode()
    rows = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *rows, f"-----END {label}-----", ""])


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """One structured value."""

    text: str = field(repr=False)
    leaves: dict[str, str] = field(repr=False)
    """Name → text of every field that is a secret, and of no other."""


def service_account() -> Template:
    """A key of a Google service account."""
    key, key_id = pem("PRIVATE KEY"), token(40, string.digits + "abcdef")
    account = "deployer@my-project-123456.iam.gserviceaccount.com"
    host = "https://www.googleapis.com"
    document = {
        "type": "service_account",
        "project_id": "my-project-123456",
        "private_key_id": key_id,
        "private_key": key,
        "client_email": account,
        "client_id": "104857600104857600123",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "auth_provider_x509_cert_url": f"{host}/oauth2/v1/certs",
        "client_x509_cert_url": f"{host}/robot/v1/metadata/x509/{quote(account, safe='')}",
        "universe_domain": "googleapis.com",
    }
    leaves = {".private_key": key.strip()}
    return Template(text=json.dumps(document, indent=2), leaves=leaves)


def docker() -> Template:
    """A Docker client's configuration."""
    plain, other = password(), password()
    auth = base64_of(f"robot:{plain}")
    document = {
        "auths": {
            "registry.example.com": {"auth": auth, "email": "robot@example.com"},
            "https://index.example.com/v1/": {"username": "robot", "password": other},
        },
        "credsStore": "desktop",
    }
    at = ".auths.registry.example.com.auth"
    return Template(
        text=json.dumps(document),
        leaves={
            at: auth,
            f"{at}.decoded": f"robot:{plain}",
            f"{at}.decoded.password": plain,
            ".auths.#2.password": other,
        },
    )


def kubeconfig() -> Template:
    """A kubeconfig with a client's certificate and a token."""
    key, bearer = pem("EC PRIVATE KEY", 3), token(64)
    text = f"""\
apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: {base64_of(pem("CERTIFICATE"))}
    server: https://10.0.0.1:6443
  name: kubernetes
contexts:
- context: {{cluster: kubernetes, user: kubernetes-admin, namespace: default}}
  name: kubernetes-admin@kubernetes
current-context: kubernetes-admin@kubernetes
users:
- name: kubernetes-admin
  user:
    client-certificate-data: {base64_of(pem("CERTIFICATE"))}
    client-key-data: {base64_of(key)}
- name: robot
  user:
    token: {bearer}
"""
    at = ".users[0].user.client-key-data"
    return Template(
        text=text,
        leaves={
            at: base64_of(key),
            f"{at}.decoded": key.strip(),
            ".users[1].user.token": bearer,
        },
    )


def dotenv() -> Template:
    """Settings of an application, one with a URL."""
    in_url, plain = token(20), password()
    url = f"postgres://app:{in_url}@db.internal.example.com:5432/app?sslmode=require"
    text = f"""\
# settings of the application
APP_ENV=production
DEBUG=false
DB_HOST=db.internal.example.com
DB_PORT=5432
DATABASE_URL={url}
export DB_PASSWORD='{plain}'
API_URL="https://api.example.com/v1" # public
LOG_LEVEL=info
"""
    return Template(
        text=text,
        leaves={
            ".DATABASE_URL": url,
            ".DATABASE_URL.password": in_url,
            ".DATABASE_URL.userinfo": f"app:{in_url}",
            ".DB_PASSWORD": plain,
        },
    )


def secret_manifest() -> Template:
    """A Kubernetes Secret."""
    plain = token()
    text = f"""\
apiVersion: v1
kind: Secret
metadata:
  name: my-secret
  namespace: default
type: Opaque
data:
  username: {base64_of("admin-user")}
  password: {base64_of(plain)}
"""
    leaves = {".data.password": base64_of(plain), ".data.password.decoded": plain}
    return Template(text=text, leaves=leaves)


def maven() -> Template:
    """Settings of Maven, with a password that XML escapes."""
    plain = token(20)
    text = f"""\
<settings>
  <servers>
    <server>
      <id>nexus-releases</id>
      <username>deployment</username>
      <password>{plain}&amp;x</password>
    </server>
  </servers>
</settings>
"""
    return Template(text=text, leaves={".password": f"{plain}&x"})


WHOLE = {
    "service account": service_account,
    "docker": docker,
    "kubeconfig": kubeconfig,
    "dotenv": dotenv,
    "secret manifest": secret_manifest,
}
"""Templates of which every leaf is named."""


def short_values() -> dict[str, tuple[str, str]]:
    """Name of the kind → a value of it, and the secret inside that must be found."""
    one = token(20)
    marks = password() + "@/:"
    manager = f"user id=app;password={one};"
    return {
        "aws credentials": (
            f"[default]\naws_secret_access_key = {one}/+x\nregion = eu-west-1\n",
            f"{one}/+x",
        ),
        "aws csv": (f"Access key ID,Secret access key\nAKIAQ7Z2,{one}\n", one),
        "azure storage": (
            f"DefaultEndpointsProtocol=https;AccountName=my;AccountKey={one}==;EndpointSuffix=x",
            f"{one}==",
        ),
        "base64 of dotenv": (base64_of(f"DB_PASSWORD={one}\nAPI_ENV=test\n"), one),
        "basic": (f"Authorization: Basic {base64_of(f'robot:{marks}')}", marks),
        "bearer": (f"Authorization: Bearer {one}", one),
        "command line": (f"--user robot --password={one} -B", one),
        "cookie": (f"session={one}; Path=/; HttpOnly; token=x", one),
        "git credentials": (f"https://a:{one}@github.com\nhttps://a:b@gitlab.com\n", one),
        "go mysql": (f"app:{one}@tcp(db.example.com:3306)/app?parseTime=true", one),
        "hex": (one.encode().hex(), one),
        "hook": (f"https://hooks.example.com/services/T0/B0/{one}", one),
        "java property": (f"-Dmaven.repo=.m2 -Dnexus.password={one} -B", one),
        "jdbc": (f"jdbc:postgresql://db.example.com/app?user=app&password={one}", one),
        "json in json": (json.dumps({"a": json.dumps({"db": {"password": marks}})}), marks),
        "libpq": (rf"host=db.example.com dbname=app password='{one}\'s' user=app", f"{one}'s"),
        "list of names": (
            json.dumps([{"name": "DB_PASSWORD", "value": "correct-horse-battery"}]),
            "correct-horse-battery",
        ),
        "netrc": (f"machine github.com\n  login robot\n  password {one}\n", one),
        "npmrc": (
            f"registry=https://r.example.com/\n//r.example.com/:_authToken=npm_{one}\n",
            f"npm_{one}",
        ),
        "pgpass": (f"db.example.com:5432:app:app:{one}\n", one),
        "pip": (f"[global]\nindex-url = https://robot:{one}@packages.example.com/simple\n", one),
        "pypirc": (f"[pypi]\nusername = __token__\npassword = pypi-{one}\n", f"pypi-{one}"),
        "raw url": (f"postgres://app:{one}/x@db.example.com/app", f"{one}/x"),
        "shared signature": (f"sv=2022-11-02&sp=r&sig={one}%3D", f"{one}="),
        "shared signature as written": (f"sv=2022-11-02&sp=r&sig={one}%3D", f"{one}%3D"),
        "sql server": (f"Server=tcp:db,1433;User ID=app;Password={one};Encrypt=True;", one),
        "toml": (f'[server]\nhost = "0.0.0.0"\n[auth]\ntoken = "{one}" # rotate\n', one),
        "token in a url": (f"https://{one}@github.com/org/repository.git", one),
        "url decoded": (f"amqps://app:{quote(marks, safe='')}@mq.example.com/vhost", marks),
        "url as written": (f"amqps://a:{quote(marks, safe='')}@b/c", quote(marks, safe="")),
        "user and password": (f"robot:{one}", one),
        "web.config": (f'<c><add name="Db" connectionString="{manager}"/></c>', one),
        "wrapped base64": ("\n".join((base64_of(one)[:16], base64_of(one)[16:])), one),
        "xml character data": (f"<a><password><![CDATA[<{one}]]></password></a>", f"<{one}"),
        "yaml block": (f"tls:\n  key: |\n    {one}\n    more\n  token: {one}\n", one),
    }

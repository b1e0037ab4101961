//! Images: files relative to the manifest, and references into registries.

use super::*;

fn read(text: &str) -> Result<Image, ImageError> {
    Image::parse(text, Path::new("/base"))
}

#[test]
fn a_file_is_relative_to_the_base() {
    for (text, path) in [
        ("file:./a.wasm", "/base/a.wasm"),
        ("file:a.wasm", "/base/a.wasm"),
        ("file:././dir/./a.wasm", "/base/dir/a.wasm"),
        ("file:../a.wasm", "/base/../a.wasm"),
        ("file:/abs/a.wasm", "/abs/a.wasm"),
        ("file:///abs/a.wasm", "/abs/a.wasm"),
        ("file:with space.wasm", "/base/with space.wasm"),
    ] {
        assert_eq!(read(text), Ok(Image::File(PathBuf::from(path))), "{text}");
    }
}

#[test]
fn a_reference_is_kept_as_written() {
    for text in [
        "ghcr.io/example/app:1.0.0",
        "localhost:5000/app.wasm",
        "registry.example.com/a/b.wasm@sha256:00",
        "app",
        "example/app:latest",
        "[::1]:5000/app",
    ] {
        assert_eq!(read(text), Ok(Image::Registry(text.to_owned())), "{text}");
    }
}

#[test]
fn a_refusal_says_what_to_write_instead() {
    assert_eq!(read(" "), Err(ImageError::Empty));
    for text in ["file:", "file:.", "file:./", "file:///", "file:.."] {
        assert_eq!(
            read(text),
            Err(ImageError::NoPath(text.to_owned())),
            "{text}"
        );
    }
    for text in ["./a.wasm", "/a", "~/a.wasm", "a.wasm", "dir/a.wasm", "../a"] {
        assert_eq!(
            read(text),
            Err(ImageError::BarePath(text.to_owned())),
            "{text}"
        );
    }
    assert_eq!(
        read("file://host/a"),
        Err(ImageError::RemoteFile("file://host/a".to_owned()))
    );
    assert_eq!(
        read("artifact://a"),
        Err(ImageError::Artifact("artifact://a".to_owned()))
    );
    assert_eq!(
        read("oci://a/b"),
        Err(ImageError::Scheme("oci://a/b".to_owned(), "oci".to_owned()))
    );
    assert_eq!(
        read("a b"),
        Err(ImageError::Character("a b".to_owned(), " ".to_owned()))
    );
    let message = read("./a.wasm").map_err(|error| error.to_string());
    assert_eq!(
        message,
        Err("image `./a.wasm` looks like a file; write `file:./a.wasm`".to_owned())
    );
}

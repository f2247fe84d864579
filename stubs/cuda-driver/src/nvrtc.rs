//! A listener in front of NVRTC: programs are compiled by NVIDIA's library, and how that went is noted.
//!
//! With `CUDA_STANDIN_PTX` what was compiled is kept, so that the next process with the same program need not wait.

use crate::{
    give,
    record::{quoted, state},
    settings::settings,
};
use std::{
    collections::hash_map::DefaultHasher,
    ffi::{CStr, CString, c_char, c_int, c_void},
    fs,
    hash::{Hash, Hasher},
    os::unix::ffi::OsStrExt,
    path::PathBuf,
    process, ptr,
    sync::OnceLock,
    time::Instant,
};

/// `nvrtcResult`
type Answer = c_int;
const SUCCESS: Answer = 0;
const INVALID_INPUT: Answer = 3;
const COMPILATION: Answer = 6;
const INTERNAL_ERROR: Answer = 11;

// SAFETY: libc's functions with their types; every program for Linux is linked with it.
unsafe extern "C" {
    fn dlopen(path: *const c_char, mode: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}
/// RTLD_NOW
const NOW: c_int = 2;

type Create =
    extern "C" fn(*mut usize, *const c_char, *const c_char, c_int, usize, usize) -> Answer;
type Compile = extern "C" fn(usize, c_int, *const *const c_char) -> Answer;
type Destroy = extern "C" fn(*mut usize) -> Answer;
type Size = extern "C" fn(usize, *mut usize) -> Answer;
type Text = extern "C" fn(usize, *mut c_char) -> Answer;

/// NVIDIA's functions.
struct Nvrtc {
    create: Create,
    compile: Compile,
    destroy: Destroy,
    ptx_size: Size,
    ptx: Text,
    log_size: Size,
    log: Text,
}

/// NVIDIA's library; without it the listener is no NVRTC.
fn nvrtc() -> &'static Nvrtc {
    static NVRTC: OnceLock<Nvrtc> = OnceLock::new();
    NVRTC.get_or_init(|| {
        let path = settings().nvrtc.as_ref();
        let path = path.and_then(|path| CString::new(path.as_os_str().as_bytes()).ok());
        let Some(path) = path else {
            fail("CUDA_STANDIN_NVRTC does not name NVIDIA's library")
        };
        // SAFETY: the path ends with a zero.
        let library = unsafe { dlopen(path.as_ptr(), NOW) };
        let find = |name: &CStr| {
            // SAFETY: the name ends with a zero, and an invalid library gives null.
            let found = unsafe { dlsym(library, name.as_ptr()) };
            if library.is_null() || found.is_null() {
                fail("CUDA_STANDIN_NVRTC names a file that is not NVIDIA's library")
            }
            found
        };
        // SAFETY: NVIDIA's header gives the functions of these names these types; `nvrtcProgram` is a pointer.
        unsafe {
            Nvrtc {
                create: std::mem::transmute::<*mut c_void, Create>(find(c"nvrtcCreateProgram")),
                compile: std::mem::transmute::<*mut c_void, Compile>(find(c"nvrtcCompileProgram")),
                destroy: std::mem::transmute::<*mut c_void, Destroy>(find(c"nvrtcDestroyProgram")),
                ptx_size: std::mem::transmute::<*mut c_void, Size>(find(c"nvrtcGetPTXSize")),
                ptx: std::mem::transmute::<*mut c_void, Text>(find(c"nvrtcGetPTX")),
                log_size: std::mem::transmute::<*mut c_void, Size>(find(c"nvrtcGetProgramLogSize")),
                log: std::mem::transmute::<*mut c_void, Text>(find(c"nvrtcGetProgramLog")),
            }
        }
    })
}

fn fail(why: &str) -> ! {
    eprintln!("listener in front of NVRTC: {why}");
    process::abort()
}

/// A program of the caller; both texts end with a zero once it is compiled.
struct Program {
    source: CString,
    ptx: Vec<u8>,
    log: Vec<u8>,
}

/// The caller's program that a handle stands for.
fn program<'a>(handle: *mut c_void) -> Option<&'a mut Program> {
    // SAFETY: handles are given out below, and the caller uses a program from one thread at a time until it destroys it.
    unsafe { handle.cast::<Program>().as_mut() }
}

/// Takes a program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvrtcCreateProgram(
    handle: *mut *mut c_void,
    source: *const c_char,
    _name: *const c_char,
    headers: c_int,
    _contents: *const *const c_char,
    _names: *const *const c_char,
) -> Answer {
    if source.is_null() || headers != 0 {
        return INVALID_INPUT;
    }
    // SAFETY: the caller passes a text that ends with a zero.
    let source = unsafe { CStr::from_ptr(source) }.to_owned();
    let program = Program {
        source,
        ptx: Vec::new(),
        log: vec![0],
    };
    give(handle, Box::into_raw(Box::new(program)).cast())
}

/// Has NVIDIA's library compile a program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvrtcCompileProgram(
    handle: *mut c_void,
    count: c_int,
    options: *const *const c_char,
) -> Answer {
    let Some(program) = program(handle) else {
        return INVALID_INPUT;
    };
    let options: Vec<*const c_char> = match count {
        0 => Vec::new(),
        // SAFETY: the caller passes so many options.
        _ => unsafe { std::slice::from_raw_parts(options, count as usize) }.to_vec(),
    };
    let name = name(&program.source.to_string_lossy());
    let kept = kept(&program.source, &options);
    if let Some(ptx) = kept.as_ref().and_then(|path| fs::read(path).ok()) {
        program.ptx = ptx;
        let fields = format!(",\"kernel\":{},\"kept\":true", quoted(&name));
        state().note("compile", &fields);
        return SUCCESS;
    }
    let begin = Instant::now();
    let answer = compile(program, &options);
    let mut fields = format!(
        ",\"kernel\":{},\"result\":{answer},\"seconds\":{:.3},\"options\":{}",
        quoted(&name),
        begin.elapsed().as_secs_f64(),
        quoted(&texts(&options).join(" ")),
    );
    if answer == SUCCESS {
        if let Some(path) = kept {
            // Another process may do the same: whole files only.
            let part = path.with_extension(process::id().to_string());
            if fs::write(&part, &program.ptx)
                .and_then(|()| fs::rename(part, path))
                .is_err()
            {
                fail("CUDA_STANDIN_PTX cannot be written")
            }
        }
    } else {
        let log = String::from_utf8_lossy(&program.log).into_owned();
        fields += &format!(",\"log\":{}", quoted(log.trim_end_matches('\0')));
    }
    state().note("compile", &fields);
    answer
}

fn compile(program: &mut Program, options: &[*const c_char]) -> Answer {
    let nvrtc = nvrtc();
    let mut handle = 0;
    let answer = (nvrtc.create)(&mut handle, program.source.as_ptr(), ptr::null(), 0, 0, 0);
    if answer != SUCCESS {
        return answer;
    }
    let answer = (nvrtc.compile)(handle, options.len() as c_int, options.as_ptr());
    let text = |size: Size, text: Text| {
        let mut bytes = 0;
        if size(handle, &mut bytes) != SUCCESS {
            return None;
        }
        let mut buffer = vec![0_u8; bytes.max(1)];
        (text(handle, buffer.as_mut_ptr().cast()) == SUCCESS).then_some(buffer)
    };
    if let Some(log) = text(nvrtc.log_size, nvrtc.log) {
        program.log = log;
    }
    let ptx = text(nvrtc.ptx_size, nvrtc.ptx);
    (nvrtc.destroy)(&mut handle);
    match (answer, ptx) {
        (SUCCESS, Some(ptx)) => {
            program.ptx = ptx;
            SUCCESS
        }
        (SUCCESS, None) => INTERNAL_ERROR,
        (COMPILATION, _) => COMPILATION,
        (other, _) => other,
    }
}

/// The name of the kernel in a program.
fn name(source: &str) -> String {
    let after = source
        .split_once("__global__")
        .map_or("", |(_, after)| after);
    let before = after.split_once('(').map(|(before, _)| before);
    // `void __launch_bounds__(256) name(`
    let before = match before {
        Some(before) if before.trim_end().ends_with("__launch_bounds__") => {
            let rest = after.split_once(')').map_or("", |(_, rest)| rest);
            rest.split_once('(').map(|(before, _)| before)
        }
        other => other,
    };
    let word = before.and_then(|before| before.split_whitespace().next_back());
    word.unwrap_or("without a name").to_owned()
}

fn texts(options: &[*const c_char]) -> Vec<String> {
    let text = |&option: &*const c_char| {
        // SAFETY: each option is a text that ends with a zero.
        unsafe { CStr::from_ptr(option) }
            .to_string_lossy()
            .into_owned()
    };
    options.iter().map(text).collect()
}

/// Where the result for a program is kept.
fn kept(source: &CStr, options: &[*const c_char]) -> Option<PathBuf> {
    let folder = settings().ptx.as_ref()?;
    let mut hasher = DefaultHasher::new();
    (source, texts(options)).hash(&mut hasher);
    Some(folder.join(format!("{:016x}.ptx", hasher.finish())))
}

/// Gives back a program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvrtcDestroyProgram(handle: *mut *mut c_void) -> Answer {
    if handle.is_null() {
        return INVALID_INPUT;
    }
    // SAFETY: the caller passes where its handle is, and uses the program no more.
    unsafe {
        let program = handle.replace(ptr::null_mut()).cast::<Program>();
        if !program.is_null() {
            drop(Box::from_raw(program));
        }
    }
    SUCCESS
}

fn give_text(to: *mut c_char, text: &[u8]) -> Answer {
    if to.is_null() {
        return INVALID_INPUT;
    }
    // SAFETY: the caller has asked for the size and has room for it.
    unsafe {
        to.cast::<u8>()
            .copy_from_nonoverlapping(text.as_ptr(), text.len())
    };
    SUCCESS
}

/// Gives the size of what was compiled.
#[unsafe(no_mangle)]
pub extern "C" fn nvrtcGetPTXSize(handle: *mut c_void, size: *mut usize) -> Answer {
    program(handle).map_or(INVALID_INPUT, |program| give(size, program.ptx.len()))
}

/// Gives what was compiled.
#[unsafe(no_mangle)]
pub extern "C" fn nvrtcGetPTX(handle: *mut c_void, ptx: *mut c_char) -> Answer {
    program(handle).map_or(INVALID_INPUT, |program| give_text(ptx, &program.ptx))
}

/// Gives the size of what the compiler said.
#[unsafe(no_mangle)]
pub extern "C" fn nvrtcGetProgramLogSize(handle: *mut c_void, size: *mut usize) -> Answer {
    program(handle).map_or(INVALID_INPUT, |program| give(size, program.log.len()))
}

/// Gives what the compiler said.
#[unsafe(no_mangle)]
pub extern "C" fn nvrtcGetProgramLog(handle: *mut c_void, log: *mut c_char) -> Answer {
    program(handle).map_or(INVALID_INPUT, |program| give_text(log, &program.log))
}

//! Whether hardware virtualisation works, not whether a device file exists.
//!
//! `/dev/kvm` may be backed by a module that runs only paravirtualised guests (pvm): it creates virtual machines
//! happily and then emulates a stock kernel instruction by instruction, too slow to boot. So the module decides.

use std::fs;
use std::os::fd::AsRawFd as _;
use std::path::Path;

use super::Feature;

/// `KVM_GET_API_VERSION` and `KVM_CREATE_VM` of linux/kvm.h: `_IO(0xAE, 0)` and `_IO(0xAE, 1)`.
const GET_API_VERSION: libc::c_ulong = 0xAE00;
const CREATE_VM: libc::c_ulong = 0xAE01;
/// The only version there ever was.
const API_VERSION: i32 = 12;

pub(super) fn probe() -> Feature {
    const NAME: &str = "KVM";
    let absent =
        |why: String| Feature::new(NAME, false, format!("{why}; virtual machines would be emulated (TCG)"));
    let device = match fs::File::options().read(true).write(true).open("/dev/kvm") {
        Ok(device) => device,
        Err(error) => return absent(format!("/dev/kvm: {error}")),
    };
    // SAFETY: both requests take no pointer; the second returns a descriptor that is closed right away.
    let works = unsafe {
        if libc::ioctl(device.as_raw_fd(), GET_API_VERSION, 0) != API_VERSION {
            return absent("/dev/kvm speaks another version".into());
        }
        let machine = libc::ioctl(device.as_raw_fd(), CREATE_VM, 0);
        machine >= 0 && libc::close(machine) == 0
    };
    if !works {
        return absent("/dev/kvm refuses to create a machine".into());
    }
    let module = |name: &str| Path::new("/sys/module").join(name).exists();
    match (module("kvm_intel"), module("kvm_amd"), module("kvm_pvm") || module("kvm-pvm")) {
        (true, ..) => Feature::new(NAME, true, "kvm_intel: hardware virtualisation (VMX)"),
        (_, true, _) => Feature::new(NAME, true, "kvm_amd: hardware virtualisation (SVM)"),
        (_, _, true) => {
            absent("/dev/kvm is there, but only paravirtualised guests (kvm_pvm) can run on it".into())
        }
        _ if cfg!(target_arch = "aarch64") => {
            Feature::new(NAME, true, "the kernel's built-in virtualisation")
        }
        _ => absent("/dev/kvm is there, but neither kvm_intel nor kvm_amd stands behind it".into()),
    }
}

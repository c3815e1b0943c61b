//! What the engine is told: one type for all arguments, one for all results, one for what events carry.
//!
//! The engine's traits for typed calls ask for a Rust type per WIT type. Here the Rust types are always the same and the
//! WIT type is looked at when a value goes over: the methods are given it.
//!
//! # Why the `unsafe impl`s are sound
//! The traits are `unsafe` because the engine trusts three things of an implementation:
//! 1. *`Lower` is a sequence of `ValRaw`.* Each is an array of `ValRaw` here.
//! 2. *Lowering initialises what the guest's function will read.* [`Arguments`] writes all of its 16 slots, each time,
//!    before anything else can fail with `Ok`; no function reads more (`MAX_FLAT_PARAMS`). A slot is 64 initialised bits,
//!    and every pattern of bits is a valid `i32`, `i64`, `f32` and `f64`, which is all that components pass.
//! 3. *Size and alignment are right, since the engine leaves out bounds checks where it relies on them.* Sizes and
//!    offsets are used here only to index slices of the guest's memory that the engine gives (`as_slice_mut`, `memory`),
//!    and these are bounds-checked by Rust. The constants `ABI` are used by the engine to allocate or to slice the
//!    guest's memory for a value that does not fit the flat parameters: `Arguments` and `Encoded` have few enough slots
//!    that this never happens, and `Told` has size 0, so the slice is empty.
//!
//! `Lower` of [`Encoded`] is one slot, which is the most that a function gives (`MAX_FLAT_RESULTS`); where there is no
//! result, it is not looked at. What is read of it is an address or a number, and an address is checked against the
//! slice. So whatever a component is and does, only bytes of its own memory are read and written: a wrong layout would
//! garble its arguments, and nothing else. That it does not is shown by `tests/abi.rs` against the engine's own way.

use std::mem::MaybeUninit;

use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext, LowerContext,
};
use wasmtime::component::{ComponentNamedList, ComponentType, Func, Lift, LinkerInstance, Lower};
use wasmtime::{AsContextMut, Result, StoreContextMut, ValRaw, bail};

use super::image::{Image, Parent, Piece, What};
use super::layout::FLAT_PARAMS_MAX;
use super::lift;

/// Calls a function with an image of its arguments; gives its result in binary, empty where it has none.
///
/// # Errors
/// As [`Func::call`]; and where the image was made for a function of other parameters.
pub fn call(func: &Func, mut store: impl AsContextMut, image: &Image) -> Result<Encoded> {
    let func = func.typed::<Arguments<'_>, Encoded>(store.as_context_mut())?;
    func.call(store, Arguments(image))
}

/// A value in binary ([`crate::binary`]), or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded(pub Vec<u8>);

struct Arguments<'a>(&'a Image);

#[expect(unsafe_code, reason = "see the head of the module")]
// SAFETY: see the head of the module, 1 and 3.
unsafe impl ComponentType for Arguments<'_> {
    type Lower = [ValRaw; FLAT_PARAMS_MAX];
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::SCALAR8;

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        // Looked at when the arguments go over.
        Ok(())
    }
}

#[expect(unsafe_code, reason = "see the head of the module")]
// SAFETY: it stands for all parameters together, which is what the engine gives its methods as a tuple.
unsafe impl ComponentNamedList for Arguments<'_> {}

#[expect(unsafe_code, reason = "see the head of the module")]
// SAFETY: see the head of the module, 2.
unsafe impl Lower for Arguments<'_> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<Self::Lower>,
    ) -> Result<()> {
        let Self(image) = self;
        let signature = &image.signature;
        let abi = cx.types.canonical_abi(&ty);
        let flat = abi.flat_count(FLAT_PARAMS_MAX);
        let same = flat == Some(signature.flat).filter(|flat| *flat <= FLAT_PARAMS_MAX)
            && (abi.size32 as usize, abi.align32 as usize) == (signature.size, signature.align);
        if !same {
            bail!("the arguments were made for a function of other parameters");
        }
        let slots = place(cx, image)?;
        dst.write(slots.map(ValRaw::u64));
        Ok(())
    }

    fn linear_lower_to_memory<T>(
        &self,
        _: &mut LowerContext<'_, T>,
        _: InterfaceType,
        _: usize,
    ) -> Result<()> {
        bail!("arguments are lowered flat")
    }
}

/// Asks the guest for memory for each piece, copies it there, and writes its address where it belongs. Gives the flat
/// parameters.
fn place<T>(cx: &mut LowerContext<'_, T>, image: &Image) -> Result<[u64; FLAT_PARAMS_MAX]> {
    let mut slots = image.slots;
    // Most have one piece, and what has no other needs no address.
    let mut addresses = Vec::new();
    for Piece { parent, what, from, length } in &image.pieces {
        let (address, count) = match what {
            What::Block { align, count } => {
                let address = cx.realloc(0, 0, u32::try_from(*align)?, *length)?;
                let to = cx.as_slice_mut().get_mut(address..).and_then(|rest| rest.get_mut(..*length));
                match (to, image.bytes.get(*from..*from + *length)) {
                    (Some(to), Some(bytes)) => to.copy_from_slice(bytes),
                    _ => bail!("a pointer is out of bounds of memory"),
                }
                (address as u64, *count as u64)
            }
            What::Text => {
                // In whichever of the encodings the component asks for.
                let text = image.texts.get(*from..*from + *length).unwrap_or_default();
                let mut pair = MaybeUninit::new([ValRaw::u64(0); 2]);
                text.linear_lower_to_flat(cx, InterfaceType::String, &mut pair)?;
                #[expect(unsafe_code, reason = "it was initialised two lines above, and never anything else")]
                // SAFETY: made by `MaybeUninit::new`; lowering only writes further values to it.
                let [address, count] = unsafe { pair.assume_init() };
                (u64::from(address.get_u32()), u64::from(count.get_u32()))
            }
        };
        if image.pieces.len() > 1 {
            addresses.push(address);
        }
        match parent {
            Parent::Slot(slot) => {
                // Where the arguments themselves lie in memory, only the address is looked at.
                for (value, to) in [address, count].into_iter().zip(slots.iter_mut().skip(*slot)) {
                    *to = value;
                }
            }
            Parent::Piece(piece, at) => {
                let place = usize::try_from(addresses.get(*piece).copied().unwrap_or(0))? + at;
                let to = cx.as_slice_mut().get_mut(place..).and_then(|rest| rest.first_chunk_mut::<8>());
                let Some(to) = to else { bail!("a pointer is out of bounds of memory") };
                let (low, high) = to.split_at_mut(4);
                low.copy_from_slice(&u32::try_from(address)?.to_le_bytes());
                high.copy_from_slice(&u32::try_from(count)?.to_le_bytes());
            }
        }
    }
    Ok(slots)
}

#[expect(unsafe_code, reason = "see the head of the module")]
// SAFETY: see the head of the module, 1 and 3.
unsafe impl ComponentType for Encoded {
    type Lower = [ValRaw; 1];
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::SCALAR8;

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }
}

#[expect(unsafe_code, reason = "see the head of the module")]
// SAFETY: it stands for all results together.
unsafe impl ComponentNamedList for Encoded {}

#[expect(unsafe_code, reason = "see the head of the module")]
// SAFETY: it reads only slots that a function of this type initialised, and the guest's memory through slices.
unsafe impl Lift for Encoded {
    fn linear_lift_from_flat(cx: &mut LiftContext<'_>, ty: InterfaceType, src: &Self::Lower) -> Result<Self> {
        let types = cx.types;
        let InterfaceType::Tuple(results) = ty else { bail!("a function's results are a tuple") };
        let results = &types[results];
        let Some(result) = results.types.first() else { return Ok(Self::default()) };
        let mut out = Vec::with_capacity(128);
        if results.abi.flat_count(1).is_some() {
            lift::lift(cx, *result, &mut src.iter(), &mut out)?;
        } else {
            let [address] = src;
            let at = address.get_u32() as usize;
            if !at.is_multiple_of(results.abi.align32 as usize) {
                bail!("return pointer not aligned");
            }
            lift::load(cx, *result, at, &mut out)?;
        }
        Ok(Self(out))
    }

    fn linear_lift_from_memory(_: &mut LiftContext<'_>, _: InterfaceType, _: &[u8]) -> Result<Self> {
        bail!("results are lifted flat")
    }
}

/// The arguments of a function of the host that takes whatever its type says and gives nothing: an event.
///
/// In binary, one after another. `N` flat parameters; 0: they lie in memory.
pub struct Told<const N: usize>(pub Vec<u8>);

#[expect(unsafe_code, reason = "see the head of the module")]
// SAFETY: see the head of the module, 1 and 3.
unsafe impl<const N: usize> ComponentType for Told<N> {
    type Lower = [ValRaw; N];
    const ABI: CanonicalAbiInfo = EMPTY;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        let flat = types.types.canonical_abi(ty).flat_count(FLAT_PARAMS_MAX);
        if flat.unwrap_or(0) != N {
            bail!("it takes {flat:?} flat parameters, not {N}");
        }
        Ok(())
    }
}

/// Of size 0: see the head of the module, 3.
const EMPTY: CanonicalAbiInfo =
    CanonicalAbiInfo { size32: 0, align32: 1, size64: 0, align64: 1, flat_count: Some(0) };

#[expect(unsafe_code, reason = "see the head of the module")]
// SAFETY: it stands for all parameters together.
unsafe impl<const N: usize> ComponentNamedList for Told<N> {}

#[expect(unsafe_code, reason = "see the head of the module")]
// SAFETY: the engine gives all flat parameters of the type, and `typecheck` said that they are `N`; the guest's memory is
// read through slices.
unsafe impl<const N: usize> Lift for Told<N> {
    fn linear_lift_from_flat(cx: &mut LiftContext<'_>, ty: InterfaceType, src: &Self::Lower) -> Result<Self> {
        let types = cx.types;
        let InterfaceType::Tuple(params) = ty else { bail!("a function's parameters are a tuple") };
        let mut out = Vec::with_capacity(128);
        let mut flat = src.iter();
        for ty in &types[params].types {
            lift::lift(cx, *ty, &mut flat, &mut out)?;
        }
        Ok(Self(out))
    }

    fn linear_lift_from_memory(cx: &mut LiftContext<'_>, ty: InterfaceType, bytes: &[u8]) -> Result<Self> {
        let types = cx.types;
        let InterfaceType::Tuple(params) = ty else { bail!("a function's parameters are a tuple") };
        // `bytes` is the empty slice at the place of the parameters.
        let begin = bytes.as_ptr().addr().wrapping_sub(cx.memory().as_ptr().addr());
        let mut out = Vec::with_capacity(128);
        let mut end = 0;
        for ty in &types[params].types {
            let place = types.canonical_abi(ty).next_field32(&mut end);
            lift::load(cx, *ty, begin + place as usize, &mut out)?;
        }
        Ok(Self(out))
    }
}

/// Defines a function of the host that takes what `function` says, gives nothing, and is told its arguments in binary.
///
/// # Errors
/// As [`LinkerInstance::func_wrap`].
pub fn link_told<T: 'static>(
    instance: &mut LinkerInstance<'_, T>,
    function: &crate::types::Function,
    told: impl Fn(StoreContextMut<'_, T>, Vec<u8>) -> Result<()> + Send + Sync + 'static,
) -> Result<()> {
    let flat = super::image::Signature::of(function).flat;
    macro_rules! link {
        ($($n:literal)*) => {
            match flat {
                $($n => instance.func_wrap(&function.name, move |cx: StoreContextMut<'_, T>, arguments: Told<$n>| {
                    told(cx, arguments.0)
                }),)*
                _ => instance.func_wrap(&function.name, move |cx: StoreContextMut<'_, T>, arguments: Told<0>| {
                    told(cx, arguments.0)
                }),
            }
        };
    }
    link!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}
